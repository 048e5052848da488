"""The reconciler: each second and on hints it compares what is wanted with what agents list, and acts on it.

One tick reads, plans and writes; it waits for no agent. Agents are listed by one watch per pool and acted upon by tasks
of the executor, so that a slow one delays its own bots alone.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from loguru import logger
from sqlalchemy.exc import SQLAlchemyError

from orchestrator.bots import repository, service
from orchestrator.bots.announce import announce
from orchestrator.bots.observe import Change
from orchestrator.bots.repository import DesiredRow
from orchestrator.bots.status import ConditionCleared, ConditionSet, Observation, RestartDone
from orchestrator.db.engine import Database
from orchestrator.events.bus import Bus, SubscriberTooSlow
from orchestrator.kit.clock import utc_now
from orchestrator.pools import placement
from orchestrator.pools import service as pools_service
from orchestrator.pools.directory import AgentDirectory
from orchestrator.pools.models import PoolModel
from orchestrator.reconcile.execute import Executor
from orchestrator.reconcile.plan import (
    DELETED,
    Assign,
    ForgetRestart,
    Intent,
    MarkDeleted,
    PoolView,
    ReportNoCapacity,
    RowAction,
    SlotView,
    plan,
)
from orchestrator.reconcile.rendering import Rendered, Renderer
from orchestrator.reconcile.sightings import condition_types, observations
from orchestrator.reconcile.watch import PoolWatch, Sighting
from orchestrator.settings import OrchestratorSettings
from orchestrator.templates.catalogue import Catalogue
from pool.contract.slots import ConditionType

HINTS = "hints"
_NO_ROOM = "No pool has room for this bot: delete others, or raise the pool's limits."


@dataclass(frozen=True, slots=True)
class _World:
    """What one tick goes by."""

    rows: Sequence[DesiredRow]
    pools: Sequence[PoolModel]
    rendered: Mapping[str, Rendered]
    problems: Mapping[str, str]
    sightings: Mapping[str, Sighting]


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
        self._executor = Executor(agents, settings.action_seconds, settings.actions_per_pool, self._after_action)
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
        world = await self._look()
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
        await self._write([*self._executor.take_learned(), *seen])
        return await self._act(world)

    # ---- looking

    async def _look(self) -> _World:
        async with self._database.read() as session:
            rows = await repository.desired(session)
            pools = await pools_service.every(session)
        self._watch([pool.id for pool in pools])
        rendered = await self._renderer.render(rows)
        self._executor.forget_all_but({row.bot.id for row in rows})
        problems: dict[str, str] = {}
        for row in rows:
            one = rendered[row.bot.id]
            problem = one.problem or self._executor.refusal(row.bot.id, row.bot.generation, one.content)
            if problem is not None:
                problems[row.bot.id] = problem
        sightings = {pool_id: watch.sighting for pool_id, (watch, _) in self._watches.items()}
        self._notice_recoveries(rows, sightings)
        return _World(rows, pools, rendered, problems, sightings)

    def _watch(self, pool_ids: Sequence[str]) -> None:
        for pool_id in pool_ids:
            if pool_id not in self._watches:
                watch = PoolWatch(pool_id, self._agents, self._settings.reconcile_interval_seconds, self._wake.set)
                self._watches[pool_id] = (watch, asyncio.create_task(watch.run(), name=f"watch-{pool_id}"))

    def _notice_recoveries(self, rows: Sequence[DesiredRow], sightings: Mapping[str, Sighting]) -> None:
        answering = {pool_id for pool_id, sighting in sightings.items() if sighting.problem is None}
        back = answering - self._answering
        self._answering = answering
        self._executor.forgive({row.bot.id for row in rows if row.bot.pool_id in back})

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

    async def _act(self, world: _World) -> bool:
        rows = {row.bot.id: row for row in world.rows}
        memory = self._executor.memory({bot_id: row.bot.generation for bot_id, row in rows.items()})
        buried = await self._buried(world, rows)
        views = [_pool_view(pool, world) for pool in world.pools]
        actions = plan([_intent(row, world) for row in world.rows], views, buried, memory)
        row_actions: list[RowAction] = []
        for action in actions:
            if isinstance(action, Assign | ReportNoCapacity | ForgetRestart | MarkDeleted):
                row_actions.append(action)
            elif self._leading():
                self._executor.start(action, rows.get(action.bot_id), world.rendered.get(action.bot_id))
        if row_actions:
            await self._change_rows(row_actions)
        return bool(row_actions)

    async def _buried(self, world: _World, rows: Mapping[str, DesiredRow]) -> Mapping[str, int]:
        listed = {bot_id for sighting in world.sightings.values() for bot_id in sighting.slots}
        unknown = listed - rows.keys()
        if not unknown:
            return {}
        async with self._database.read() as session:
            return await repository.epochs_of_deleted(session, unknown)

    async def _change_rows(self, actions: Sequence[RowAction]) -> None:
        now = utc_now()
        assignments = {action.bot_id: action for action in actions if isinstance(action, Assign)}
        told: list[Observation] = []
        async with self._database.unit_of_work() as session:
            if assignments:
                pools = {pool.id: pool for pool in await pools_service.every(session)}
                for bot in await repository.locked(session, assignments):
                    action = assignments[bot.id]
                    moved = bot.pool_id is not None and action.above == 0
                    if moved or bot.deleted_at is not None or action.pool_id not in pools:
                        continue  # changed since the plan looked
                    pools_service.assign(session, bot, pools[action.pool_id], action.above)
                    told.append(ConditionCleared(bot.id, now, ConditionType.NO_CAPACITY))
            for other in actions:
                if isinstance(other, ReportNoCapacity):
                    told.append(ConditionSet(other.bot_id, now, ConditionType.NO_CAPACITY, _NO_ROOM))
                elif isinstance(other, ForgetRestart):
                    told.append(RestartDone(other.bot_id, now, other.count))
            changes = await service.observe(session, told)
            await service.mark_deleted(session, [other.bot_id for other in actions if isinstance(other, MarkDeleted)])
        await announce(self._bus, changes)

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


def _intent(row: DesiredRow, world: _World) -> Intent:
    bot = row.bot
    return Intent(
        bot_id=bot.id,
        pool_id=bot.pool_id,
        epoch=bot.epoch,
        generation=bot.generation,
        desired=bot.desired_state,
        open_trades=bot.open_trades,
        content=world.rendered[bot.id].content,
        broken=bot.id in world.problems,
        no_capacity=ConditionType.NO_CAPACITY in condition_types(row),
        restart_requested=bot.restart_requested,
        restart_done=row.restart_done,
    )


def _pool_view(pool: PoolModel, world: _World) -> PoolView:
    sighting = world.sightings.get(pool.id)
    capacity = None
    if pool.desired_state == "running":
        assigned = sum(1 for row in world.rows if row.bot.pool_id == pool.id and row.bot.desired_state != DELETED)
        report = sighting.report if sighting else None
        capacity = placement.capacity(pool.id, pool.slots_total, assigned, pool.memory_limit_bytes, report)
    if sighting is None or sighting.problem is not None:
        return PoolView(pool.id, None, capacity=capacity)
    slots = {
        bot_id: SlotView(slot.epoch, str(slot.desired), str(slot.observed_state))
        for bot_id, slot in sighting.slots.items()
    }
    return PoolView(pool.id, slots, sighting.listed_at, capacity)
