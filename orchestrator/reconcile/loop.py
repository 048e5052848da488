"""The reconciler: each second and on hints it compares what is wanted with what agents list, and acts on it.

One tick reads, plans and writes, a few milliseconds at a time; it waits for no agent. Agents are listed by one watch
per pool and acted upon by tasks of the executor, so that a slow one delays its own bots alone.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping, Sequence

from loguru import logger
from sqlalchemy.exc import SQLAlchemyError

from orchestrator.bots import repository
from orchestrator.bots.desired import DesiredBook
from orchestrator.bots.live import keys_of_bots
from orchestrator.bots.repository import DesiredRow
from orchestrator.bots.status import Observation
from orchestrator.db.engine import Database
from orchestrator.events.bus import Bus, SubscriberTooSlow
from orchestrator.exchange_keys.vault import Vault
from orchestrator.kit.clock import utc_now
from orchestrator.kit.pace import Pace
from orchestrator.policies.book import PolicyBook
from orchestrator.pools import moves
from orchestrator.pools import service as pools_service
from orchestrator.pools.directory import AgentDirectory
from orchestrator.pools.models import MoveModel
from orchestrator.pools.policy import PoolPolicy
from orchestrator.reconcile import rows as row_changes
from orchestrator.reconcile.actions import (
    AskForPool,
    CopyBot,
    DeleteSlot,
    EndMove,
    PutSlot,
    RestartSlot,
    RowAction,
    TakeIn,
)
from orchestrator.reconcile.arrivals import ArrivalsDirectory
from orchestrator.reconcile.arriving import arrival_conditions
from orchestrator.reconcile.carrier import Carrier
from orchestrator.reconcile.credentials import Credentials
from orchestrator.reconcile.execute import Executor
from orchestrator.reconcile.plan import plan
from orchestrator.reconcile.policies import PolicyTeller
from orchestrator.reconcile.rendering import Renderer, with_keys
from orchestrator.reconcile.sightings import condition_message, key_conditions, move_conditions, observations
from orchestrator.reconcile.steering import Steering
from orchestrator.reconcile.strays import Strays
from orchestrator.reconcile.watch import PoolWatch, Sighting
from orchestrator.reconcile.world import World, intents, looks, moving, views
from orchestrator.reconcile.writer import StatusWriter
from orchestrator.settings import OrchestratorSettings
from orchestrator.strategies.book import SourceBook
from orchestrator.templates.catalogue import Catalogue
from pool.contract.slots import ConditionType

HINTS = "hints"
ARRIVALS = "arrivals"
"""In the home: parcels of bots that come from another one."""
_BOTS_AT_ONCE = 25
"""Looked at before others may have their turn."""


class Reconciler:
    """Run it as one task, of the control plane that leads: it starts nothing unless `leading()`."""

    def __init__(
        self,
        database: Database,
        bus: Bus,
        agents: AgentDirectory,
        catalogue: Catalogue,
        settings: OrchestratorSettings,
        leading: Callable[[], bool] = lambda: True,
        strays: Strays | None = None,
        vault: Vault | None = None,
    ) -> None:
        self._database = database
        self._bus = bus
        self._agents = agents
        self._settings = settings
        self._renderer = Renderer(catalogue)
        self._leading = leading
        self._strays = strays
        self._policy = PoolPolicy.of(settings, catalogue)
        self._steering = Steering(database, self._policy)
        self._arrivals = ArrivalsDirectory(settings.home / ARRIVALS)
        self._credentials = Credentials(database, vault)
        self._executor = Executor(
            agents,
            Carrier(database, agents),
            self._arrivals,
            settings.action_seconds,
            settings.actions_per_pool,
            self._after_action,
            self._credentials,
        )
        self._book = PolicyBook()
        self._desired = DesiredBook()
        self._sources = SourceBook()
        self._teller = PolicyTeller(agents, settings.action_seconds, self._after_action)
        self._watches: dict[str, tuple[PoolWatch, asyncio.Task[None]]] = {}
        self._answering: set[str] = set()
        self._wake = asyncio.Event()
        self._writer = StatusWriter(database, bus)
        self.ticked_at = time.monotonic()
        """When the last tick succeeded, in monotonic seconds."""

    async def run(self) -> None:
        """Until cancelled."""
        hints = asyncio.create_task(self._follow_hints(), name="reconcile-hints")
        try:
            while True:
                again = False
                try:
                    again = await self.tick()
                    self.ticked_at = time.monotonic()
                except (SQLAlchemyError, OSError) as error:
                    logger.error("the reconciler cannot use the database, it will try again: {}", error)
                except Exception:  # a task's boundary: it must go on whatever one tick stumbles over
                    logger.exception("a tick of the reconciler failed")
                if not again:
                    await self._sleep()
        finally:
            hints.cancel()
            await self.stop()

    async def stop(self) -> None:
        """Ends watches and actions under way."""
        tasks = [task for _, task in self._watches.values()]
        self._watches.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._executor.stop()
        await self._teller.stop()

    async def tick(self) -> bool:
        """One look and what follows from it; True where rows were changed, so that the next tick is due at once."""
        # In this order: a listing that shows what an action did comes with rows that tell of it, or a restart would be
        # handed on twice.
        sightings = {pool_id: watch.sighting for pool_id, (watch, _) in self._watches.items()}
        await self._writer.learned(self._executor.take_learned())
        world = await self._look(sightings)
        if await self._steering.claim(world):
            world = await self._look(sightings)
        await self._writer.seen(await self._observed(world))
        if self._leading():
            # What a newer Flotilla wrote is not taken for nothing: bots keep what they have.
            readable = [row for row in world.rows if row.bot.id not in self._book.unreadable]
            self._teller.tell(readable, world.sightings, world.policies)
        steered = await self._steering.steer(world) if self._leading() else False
        return await self._act(world) or steered

    # ---- looking

    async def _look(self, before: Mapping[str, Sighting]) -> World:
        async with self._database.read() as session:
            rows = await self._desired.read(session)
            pools = await pools_service.every(session)
            under_way = await moves.list_(session)
            policies = await self._book.read(session, [(row.bot.id, row.bot.owner_id) for row in rows])
            keys = await keys_of_bots(session)
            own = {row.bot.strategy_version_id for row in rows if row.bot.strategy_version_id is not None}
            sources = await self._sources.read(session, own)
        pace = Pace()
        await self._watch({pool.id for pool in pools})
        sightings = {pool_id: before.get(pool_id, watch.sighting) for pool_id, (watch, _) in self._watches.items()}
        keyless = await self._credentials.problems(keys)
        await pace.breathe()
        rendered = with_keys(await self._renderer.render(rows, policies, sources), keys, keyless)
        await pace.breathe()
        self._executor.forget_all_but({row.bot.id for row in rows})
        problems: dict[str, str] = {}
        for row in rows:
            one = rendered[row.bot.id]
            problem = one.problem or self._executor.refusal(row.bot.id, row.bot.generation, one.content)
            if problem is not None:
                problems[row.bot.id] = problem
        self._notice_recoveries(rows, under_way, sightings)
        held = frozenset[str]() if self._strays is None else self._strays.held(rows)
        arrivals = await self._arrivals.look()
        return World(rows, pools, under_way, rendered, problems, sightings, arrivals, held, policies, keyless)

    async def _watch(self, pool_ids: set[str]) -> None:
        for pool_id in sorted(pool_ids - self._watches.keys()):
            watch = PoolWatch(pool_id, self._agents, self._settings.reconcile_interval_seconds, self._wake.set)
            self._watches[pool_id] = (watch, asyncio.create_task(watch.run(), name=f"watch-{pool_id}"))
        for pool_id in self._watches.keys() - pool_ids:
            _, task = self._watches.pop(pool_id)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def _notice_recoveries(
        self, rows: Sequence[DesiredRow], under_way: Sequence[MoveModel], sightings: Mapping[str, Sighting]
    ) -> None:
        answering = {pool_id for pool_id, sighting in sightings.items() if sighting.problem is None}
        back = answering - self._answering
        self._answering = answering
        concerned = {row.bot.id for row in rows if row.bot.pool_id in back}
        concerned |= {move.bot_id for move in under_way if back & {move.source_pool_id, move.target_pool_id}}
        self._executor.forgive(concerned)

    async def _observed(self, world: World) -> list[Observation]:
        memory, now, clock = self._executor.memory({}), utc_now(), time.monotonic()
        slots = {bot_id: pool_id for pool_id, sighting in world.sightings.items() for bot_id in sighting.slots}
        silence = self._settings.agent_silence_seconds
        found: list[Observation] = []
        pace = Pace()
        for start in range(0, len(world.rows), _BOTS_AT_ONCE):
            rows = world.rows[start : start + _BOTS_AT_ONCE]
            found += observations(rows, world.problems, world.sightings, memory.settled_at, silence, clock, now)
            found += move_conditions(rows, world.moves, now)
            found += arrival_conditions(rows, world.arrivals, memory.failures, slots, now)
            found += key_conditions(rows, world.keyless, now)
            await pace.breathe()
        return found

    # ---- acting

    async def _act(self, world: World) -> bool:
        pace = Pace()
        rows = {row.bot.id: row for row in world.rows}
        memory = self._executor.memory({bot_id: row.bot.generation for bot_id, row in rows.items()})
        buried = await self._buried(world, rows)
        wanted = intents(world, self._policy)
        await pace.breathe()
        known = views(world, self._policy)
        await pace.breathe()
        changes: list[RowAction] = [
            EndMove(move.bot_id, moving(move), "Its bot is deleted.") for move in world.moves if move.bot_id not in rows
        ]
        wanting: list[AskForPool] = []
        actions = plan(wanted, known, buried, memory, self._policy.placement)
        await pace.breathe()
        for action in actions:
            await pace.breathe()
            if isinstance(action, PutSlot | DeleteSlot | RestartSlot | CopyBot | TakeIn):
                if self._leading():
                    self._executor.start(action, rows.get(action.bot_id), world.rendered.get(action.bot_id))
            elif isinstance(action, AskForPool):
                wanting.append(action)
            else:
                changes.append(action)
        if changes:
            await row_changes.change(self._database, self._bus, changes, self._policy, looks(world))
        return await self._provide(wanting, rows) or bool(changes)

    async def _provide(self, wanting: Sequence[AskForPool], rows: Mapping[str, DesiredRow]) -> bool:
        if not wanting or not self._leading():
            return False
        told = {ask.bot_id: condition_message(rows[ask.bot_id], ConditionType.NO_CAPACITY) or "" for ask in wanting}
        return await row_changes.provide(self._database, self._bus, wanting, told, self._policy)

    async def _buried(self, world: World, rows: Mapping[str, DesiredRow]) -> Mapping[str, int]:
        listed = {bot_id for sighting in world.sightings.values() for bot_id in sighting.slots}
        unknown = listed - rows.keys()
        if not unknown:
            return {}
        async with self._database.read() as session:
            return await repository.epochs_of_deleted(session, unknown)

    # ---- waking

    def _after_action(self, pool_id: str) -> None:
        if pool_id in self._watches:
            self._watches[pool_id][0].poke()
        self._wake.set()

    async def _follow_hints(self) -> None:
        while True:
            subscription = self._bus.subscribe(HINTS)
            try:
                async for _ in subscription:
                    self._wake.set()
            except SubscriberTooSlow:
                self._wake.set()  # hints may be lost: look for oneself
            finally:
                await subscription.aclose()
            await asyncio.sleep(self._settings.reconcile_interval_seconds)

    async def _sleep(self) -> None:
        retry = self._executor.next_retry_seconds()
        interval = self._settings.reconcile_interval_seconds
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(interval if retry is None else min(interval, max(retry, 0.01))):
                await self._wake.wait()
        self._wake.clear()
