"""What the leader does, for as long as it leads.

One process of an installation runs it at a time (`orchestrator.leader`). Everything in here writes through a database
that refuses when another one leads, and every task that breaks is started again with growing delays.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from loguru import logger

from orchestrator.bots import repository
from orchestrator.bots.observe import observe
from orchestrator.bots.status import SlotAbsent
from orchestrator.db.engine import Database
from orchestrator.events.bus import Bus
from orchestrator.exchanges.paper import CannotStartExchange, PaperService
from orchestrator.intake.collector import Intake
from orchestrator.kit.backoff import Backoff
from orchestrator.kit.clock import utc_now
from orchestrator.kit.schedule import run_jobs
from orchestrator.pools import service as pools
from orchestrator.pools.directory import AgentDirectory
from orchestrator.pools.drivers import DriverUnavailable, PoolDriver
from orchestrator.pools.policy import PoolPolicy
from orchestrator.portfolio.service import PortfolioService
from orchestrator.portfolio.task import PortfolioTask
from orchestrator.reconcile.keeper import PoolKeeper, keep_exchange
from orchestrator.reconcile.loop import Reconciler
from orchestrator.reconcile.orders import OrderTask
from orchestrator.reconcile.rollouts import RolloutTask
from orchestrator.retention import jobs
from orchestrator.settings import OrchestratorSettings
from orchestrator.templates.catalogue import Catalogue

Runner = Callable[[], Awaitable[None]]
"""A task that runs until it is cancelled."""

_BACKOFF = Backoff(first_seconds=1, limit_seconds=30)
_EXCHANGE_WAIT_SECONDS = 5.0
_TICK_LATE_SECONDS = 15.0
_POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Means:
    """What the leader works with."""

    settings: OrchestratorSettings
    database: Database
    """Guarded: it takes nothing from one who does not lead."""
    bus: Bus
    agents: AgentDirectory
    catalogue: Catalogue
    portfolio: PortfolioService
    drivers: Mapping[str, PoolDriver]
    """By the name that a pool's row has."""
    paper: PaperService | None
    leading: Callable[[], bool]
    extra: Sequence[Runner] = field(default=())
    """Run beside the others."""


class Term:
    """One time of leading."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._reconciler = Reconciler(
            means.database, means.bus, means.agents, means.catalogue, means.settings, means.leading
        )

    async def begin(self) -> None:
        """What has to be true before anything runs. Raises SQLAlchemyError."""
        means = self._means
        means.portfolio.forget_marks()
        if means.settings.pool_driver == "process" and "process" in means.drivers:
            async with means.database.unit_of_work() as session:
                await pools.ensure_local_pool(
                    session, means.settings.pool_slots, means.settings.pool_memory_limit_bytes
                )
        await forget_slots(means.database, means.drivers)

    async def run(self) -> None:
        """Until cancelled; ends when all of its tasks have."""
        tasks = [asyncio.create_task(kept(name, runner), name=name) for name, runner in self._runners().items()]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def problem(self) -> str | None:
        """Why the reconciler does not do its work, in a sentence."""
        return (
            "The reconciler makes no progress; the log says why." if self.lag_seconds() > _TICK_LATE_SECONDS else None
        )

    def lag_seconds(self) -> float:
        """Since the reconciler's last successful look."""
        return time.monotonic() - self._reconciler.ticked_at

    def _runners(self) -> dict[str, Runner]:
        means = self._means
        paper = means.paper
        runners: dict[str, Runner] = {
            "reconciler": self._reconciler.run,
            "intake": Intake(means.database, means.bus, means.agents).run,
            "portfolio": PortfolioTask(means.database, means.bus, means.portfolio).run,
            "pools": self._keep_pools,
            "orders": OrderTask(means.database, means.drivers).run,
            "rollouts": RolloutTask(means.database, means.bus, PoolPolicy.of(means.settings, means.catalogue)).run,
            "jobs": lambda: run_jobs(jobs(means.database, means.settings.event_retention_days)),
        }
        if paper is not None:
            runners["paper-exchange"] = lambda: keep_exchange(paper)
        for number, extra in enumerate(means.extra):
            runners[f"extra-{number}"] = extra
        return runners

    async def _keep_pools(self) -> None:
        """A pool is told the paper exchange's address at its start, so that one comes first."""
        paper = self._means.paper
        for _ in range(int(_EXCHANGE_WAIT_SECONDS / _POLL_SECONDS)):
            if paper is None or paper.url() is not None:
                break
            await asyncio.sleep(_POLL_SECONDS)
        await PoolKeeper(self._means.database, self._means.drivers, self._means.agents).run()


async def forget_slots(database: Database, drivers: Mapping[str, PoolDriver]) -> None:
    """A pool that does not live is not ready, its bots have no process: nobody shall take the last state that was
    written of them for the present one. One that nobody could look at may well live."""
    async with database.read() as session:
        rows = await repository.desired(session)
        placed = await pools.every(session)
    looks = {pool.id: await drivers[pool.driver].observe(pool.id) for pool in placed if pool.driver in drivers}
    dead = {pool_id for pool_id, look in looks.items() if look.known and not look.alive}
    gone = [SlotAbsent(row.bot.id, utc_now()) for row in rows if row.bot.pool_id in dead]
    async with database.unit_of_work() as session:
        await observe(session, gone)
        for pool_id in dead:
            await pools.observe(session, pool_id, pools.PoolSeen(utc_now(), alive=False, report=None))


async def stop_pools(drivers: Mapping[str, PoolDriver], paper: PaperService | None) -> None:
    """All pools, their bots in good order, and then the paper exchange. What cannot be stopped is told and goes on."""
    stops = []
    for driver in drivers.values():
        try:
            stops += [driver.stop(pool_id, graceful=True) for pool_id in await driver.list()]
        except DriverUnavailable as error:
            logger.error("pools are not stopped, they go on: {}", error)
    for outcome in await asyncio.gather(*stops, return_exceptions=True):
        if isinstance(outcome, DriverUnavailable):
            logger.error("a pool could not be stopped: {}", outcome)
        elif isinstance(outcome, BaseException):
            logger.opt(exception=outcome).error("a pool could not be stopped")
    if paper is not None:
        try:
            await paper.stop()
        except CannotStartExchange as error:
            logger.error("the paper exchange is not stopped: {}", error)


async def kept(name: str, runner: Runner) -> None:
    """Runs a task for good: one that breaks is told and started again."""
    failures = 0
    while True:
        started_at = time.monotonic()
        try:
            await runner()
        except Exception:  # a task's boundary: no part of the control plane may take the others down
            logger.exception("{} broke; it is started again", name)
        failures = 1 if time.monotonic() - started_at > _BACKOFF.limit_seconds else failures + 1
        await asyncio.sleep(_BACKOFF.delay_seconds(failures))
