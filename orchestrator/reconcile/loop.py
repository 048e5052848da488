"""The reconciler: each second and on hints it compares what is wanted with what agents list, and acts on it.

One tick reads, plans and writes; it waits for no agent. Agents are listed by one watch per pool and acted upon by tasks
of the executor, so that a slow one delays its own bots alone.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping, Sequence

from loguru import logger
from sqlalchemy.exc import SQLAlchemyError

from orchestrator.bots import repository, service
from orchestrator.bots.announce import announce
from orchestrator.bots.observe import Change
from orchestrator.bots.repository import DesiredRow
from orchestrator.bots.status import Observation
from orchestrator.db.engine import Database
from orchestrator.events.bus import Bus, SubscriberTooSlow
from orchestrator.kit.clock import utc_now
from orchestrator.pools import moves
from orchestrator.pools import service as pools_service
from orchestrator.pools.directory import AgentDirectory
from orchestrator.pools.models import MoveModel
from orchestrator.pools.policy import PoolPolicy
from orchestrator.reconcile import rows as row_changes
from orchestrator.reconcile.actions import AskForPool, CopyBot, DeleteSlot, EndMove, PutSlot, RestartSlot, RowAction
from orchestrator.reconcile.carrier import Carrier
from orchestrator.reconcile.execute import Executor
from orchestrator.reconcile.plan import plan
from orchestrator.reconcile.rendering import Renderer
from orchestrator.reconcile.sightings import condition_message, move_conditions, observations
from orchestrator.reconcile.steering import Steering
from orchestrator.reconcile.watch import PoolWatch, Sighting
from orchestrator.reconcile.world import World, intents, moving, views
from orchestrator.settings import OrchestratorSettings
from orchestrator.templates.catalogue import Catalogue
from pool.contract.slots import ConditionType

HINTS = "hints"


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
    ) -> None:
        self._database = database
        self._bus = bus
        self._agents = agents
        self._settings = settings
        self._renderer = Renderer(catalogue)
        self._leading = leading
        self._policy = PoolPolicy.of(settings, catalogue)
        self._steering = Steering(database, self._policy)
        self._executor = Executor(
            agents, Carrier(database, agents), settings.action_seconds, settings.actions_per_pool, self._after_action
        )
        self._watches: dict[str, tuple[PoolWatch, asyncio.Task[None]]] = {}
        self._answering: set[str] = set()
        self._wake = asyncio.Event()
        self._unwritten: list[Observation] = []
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

    async def tick(self) -> bool:
        """One look and what follows from it; True where rows were changed, so that the next tick is due at once."""
        # In this order: a listing that shows what an action did comes with rows that tell of it, or a restart would be
        # handed on twice.
        sightings = {pool_id: watch.sighting for pool_id, (watch, _) in self._watches.items()}
        await self._write(self._executor.take_learned())
        world = await self._look(sightings)
        if await self._steering.claim(world):
            world = await self._look(sightings)
        settled = self._executor.memory({}).settled_at
        seen = observations(
            world.rows,
            world.problems,
            world.sightings,
            settled,
            self._settings.agent_silence_seconds,
            time.monotonic(),
            utc_now(),
        )
        about_moves = move_conditions(world.rows, world.moves, utc_now())
        await self._write([*seen, *about_moves])
        steered = await self._steering.steer(world) if self._leading() else False
        return await self._act(world) or steered

    # ---- looking

    async def _look(self, before: Mapping[str, Sighting]) -> World:
        async with self._database.read() as session:
            rows = await repository.desired(session)
            pools = await pools_service.every(session)
            under_way = await moves.list_(session)
        await self._watch({pool.id for pool in pools})
        sightings = {pool_id: before.get(pool_id, watch.sighting) for pool_id, (watch, _) in self._watches.items()}
        rendered = await self._renderer.render(rows)
        self._executor.forget_all_but({row.bot.id for row in rows})
        problems: dict[str, str] = {}
        for row in rows:
            one = rendered[row.bot.id]
            problem = one.problem or self._executor.refusal(row.bot.id, row.bot.generation, one.content)
            if problem is not None:
                problems[row.bot.id] = problem
        self._notice_recoveries(rows, under_way, sightings)
        return World(rows, pools, under_way, rendered, problems, sightings)

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

    # ---- writing and acting

    async def _write(self, fresh: Sequence[Observation]) -> None:
        """Observations that could not be written (a full disk, say) are kept for the next tick."""
        self._unwritten.extend(fresh)
        if not self._unwritten:
            return
        async with self._database.unit_of_work() as session:
            changes: list[Change] = await service.observe(session, self._unwritten)
        self._unwritten.clear()
        await announce(self._bus, changes)

    async def _act(self, world: World) -> bool:
        rows = {row.bot.id: row for row in world.rows}
        memory = self._executor.memory({bot_id: row.bot.generation for bot_id, row in rows.items()})
        buried = await self._buried(world, rows)
        wanted, known = intents(world, self._policy), views(world, self._policy)
        changes: list[RowAction] = [
            EndMove(move.bot_id, moving(move)) for move in world.moves if move.bot_id not in rows
        ]
        wanting: list[AskForPool] = []
        for action in plan(wanted, known, buried, memory, self._policy.placement):
            if isinstance(action, PutSlot | DeleteSlot | RestartSlot | CopyBot):
                if self._leading():
                    self._executor.start(action, rows.get(action.bot_id), world.rendered.get(action.bot_id))
            elif isinstance(action, AskForPool):
                wanting.append(action)
            else:
                changes.append(action)
        if changes:
            await row_changes.change(self._database, self._bus, changes, self._policy)
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
