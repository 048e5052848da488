"""What the leader does, for as long as it leads.

One process of an installation runs it at a time (`orchestrator.leader`). Everything in here writes through a database
that refuses when another one leads, and every task that breaks is started again with growing delays.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from loguru import logger
from sqlalchemy.exc import SQLAlchemyError

from orchestrator.actions.tally import Tally
from orchestrator.bookkeeping.task import Accounts, BookkeepingTask
from orchestrator.bots import repository
from orchestrator.bots.announce import announce_alert
from orchestrator.bots.observe import observe
from orchestrator.bots.status import SlotAbsent
from orchestrator.db.engine import Database
from orchestrator.events.bus import Bus
from orchestrator.exchange_keys.care import Notice, look_after
from orchestrator.exchange_keys.desk import KeyDesk
from orchestrator.exchange_keys.vault import Vault
from orchestrator.exchanges.companion import CannotStartCompanion, Companion
from orchestrator.exchanges.traffic import Traffic
from orchestrator.intake.collector import Intake
from orchestrator.kit.backoff import Backoff
from orchestrator.kit.clock import utc_now
from orchestrator.kit.schedule import Job, run_jobs
from orchestrator.leader.lock import NotLeading
from orchestrator.pools import rotation
from orchestrator.pools import service as pools
from orchestrator.pools.directory import AgentDirectory
from orchestrator.pools.drivers import DriverUnavailable, FencedDriver, PoolDriver
from orchestrator.pools.policy import PoolPolicy
from orchestrator.portfolio.service import PortfolioService
from orchestrator.portfolio.task import PortfolioTask
from orchestrator.push.places import PushWays
from orchestrator.push.sender import PushSender
from orchestrator.push.vapid import Vapid
from orchestrator.reconcile.checks import CheckTask
from orchestrator.reconcile.keeper import PoolKeeper, keep_companion
from orchestrator.reconcile.loop import Reconciler
from orchestrator.reconcile.orders import OrderTask
from orchestrator.reconcile.rollouts import RolloutTask
from orchestrator.reconcile.strays import Strays
from orchestrator.reconcile.traffic import TrafficTask
from orchestrator.reconcile.versions import VersionTask
from orchestrator.retention import jobs
from orchestrator.risk.task import RiskTask
from orchestrator.settings import OrchestratorSettings
from orchestrator.templates.catalogue import Catalogue

Runner = Callable[[], Awaitable[None]]
"""A task that runs until it is cancelled."""

_BACKOFF = Backoff(first_seconds=1, limit_seconds=30)
_EXCHANGE_WAIT_SECONDS = 180.0
"""Only ever spent on a first start, and on a machine without processor to spare: its address is kept."""
_TICK_LATE_SECONDS = 15.0
_FENCE_SECONDS = 1.0
_KEYS_EVERY_SECONDS = 900
_POLL_SECONDS = 0.05
_HOUR = 3600


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
    paper: Companion | None
    leading: Callable[[], bool]
    exchange_url: Callable[[], str | None] = lambda: None
    """Where this process finds the paper exchange."""
    gateway: Companion | None = None
    traffic: Traffic = field(default_factory=lambda: Traffic(None))
    """What the gateway tells."""
    extra: Sequence[Runner] = field(default=())
    """Run beside the others."""
    tally: Tally = field(default_factory=Tally)
    keys: KeyDesk | None = None
    """Exchange keys; None where live bots get none."""
    push: PushWays = field(default_factory=PushWays)
    vapid: Vapid | None = None
    """What pushes are signed with; None where none are sent."""


class Term:
    """One time of leading."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._strays = Strays(means.database, means.drivers, means.agents)
        self._risk = RiskTask(
            means.database, means.bus, means.agents, means.portfolio, means.exchange_url, means.leading
        )
        self._reconciler = Reconciler(
            means.database, means.bus, means.agents, means.catalogue, means.settings, means.leading, self._strays,
            None if means.keys is None else means.keys.vault,
        )  # fmt: skip

    async def begin(self) -> None:
        """What has to be true before anything runs. Raises SQLAlchemyError."""
        means = self._means
        means.portfolio.forget_marks()
        await self._fence_off()
        if means.settings.pool_driver == "process" and "process" in means.drivers:
            async with means.database.unit_of_work() as session:
                await pools.ensure_local_pool(
                    session, means.settings.pool_slots, means.settings.pool_memory_limit_bytes
                )
        await forget_slots(means.database, means.drivers)
        means.bus.begin_anew()  # what a former leader committed last, it may never have told

    async def run(self) -> None:
        """Until cancelled; ends when all of its tasks have."""
        tasks = [asyncio.create_task(kept(name, runner), name=name) for name, runner in self._runners().items()]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._risk.aclose()

    def problem(self) -> str | None:
        """Why the reconciler does not do its work, in a sentence."""
        return (
            "The reconciler makes no progress; the log says why." if self.lag_seconds() > _TICK_LATE_SECONDS else None
        )

    def lag_seconds(self) -> float:
        """Since the reconciler's last successful look."""
        return time.monotonic() - self._reconciler.ticked_at

    def gauges(self) -> Mapping[str, float]:
        """Readings for /metrics."""
        return {"reconcile_lag_seconds": self.lag_seconds(), **self._risk.gauges()}

    def _runners(self) -> dict[str, Runner]:
        means = self._means
        paper = means.paper
        runners: dict[str, Runner] = {
            "reconciler": self._reconciler.run,
            "intake": Intake(
                means.database, means.bus, means.agents, self._risk.desk, means.tally, means.portfolio
            ).run,
            "risk": self._risk.run,
            "portfolio": PortfolioTask(means.database, means.bus, means.portfolio).run,
            "strays": self._strays.run,
            "pools": self._keep_pools,
            "fence": self._keep_fence,
            "orders": OrderTask(means.database, means.drivers).run,
            "rollouts": RolloutTask(means.database, means.bus, PoolPolicy.of(means.settings, means.catalogue)).run,
            "bookkeeping": self._bookkeeping().run,
            "versions": VersionTask(means.database, means.bus).run,
            "checks": CheckTask(
                means.database, means.agents, PoolPolicy.of(means.settings, means.catalogue), means.leading
            ).run,
            "jobs": lambda: run_jobs(self._jobs()),
        }
        if means.vapid is not None:
            runners["push"] = PushSender(means.database, means.vapid, means.push).run
        if paper is not None:
            runners["paper-exchange"] = lambda: keep_companion(paper)
        if means.gateway is not None:
            runners["gateway"] = self._keep_gateway
            runners["traffic"] = TrafficTask(means.database, means.bus, means.traffic).run
        for number, extra in enumerate(means.extra):
            runners[f"extra-{number}"] = extra
        return runners

    def _bookkeeping(self) -> BookkeepingTask:
        means = self._means
        vault = Vault(None, "") if means.keys is None else means.keys.vault
        accounts = Accounts(vault, means.exchange_url)
        return BookkeepingTask(
            means.database,
            means.bus,
            means.agents,
            accounts,
            means.leading,
            patience_seconds=means.settings.finding_patience_seconds,
            unread_seconds=means.settings.account_unread_minutes * 60,
        )

    def _jobs(self) -> Sequence[Job]:
        means = self._means
        return [
            *jobs(means.database, means.settings.event_retention_days),
            *self._key_jobs(),
            Job("tokens of agents that are too old are replaced", _HOUR, self._renew_tokens),
        ]

    def _key_jobs(self) -> Sequence[Job]:
        means, desk = self._means, self._means.keys
        if desk is None:
            return []

        async def tell(notice: Notice) -> None:
            await announce_alert(means.bus, notice.owner_id, "", notice.name, notice.kind, notice.message)

        async def act() -> None:
            await look_after(means.database, desk.vault, desk.checks, utc_now(), tell)

        return [Job("exchange keys are looked after", _KEYS_EVERY_SECONDS, act)]

    async def _renew_tokens(self) -> None:
        means = self._means
        every = timedelta(days=means.settings.agent_token_days)
        await rotation.renew_due(means.database, means.agents, every, utc_now())

    async def _keep_fence(self) -> None:
        while True:
            await asyncio.sleep(_FENCE_SECONDS)
            await self._fence_off()

    async def _fence_off(self) -> None:
        """From here on drivers refuse former leaders: before anything is decided, or as soon as they can be told."""
        for name, driver in self._means.drivers.items():
            if isinstance(driver, FencedDriver):
                try:
                    await driver.lead(self._leads)
                except DriverUnavailable as error:
                    logger.debug("driver {} is not told yet who leads: {}", name, error)

    async def _leads(self) -> bool:
        """By the database; False also where it does not answer."""
        try:
            async with self._means.database.unit_of_work():
                return self._means.leading()
        except (NotLeading, SQLAlchemyError, OSError):
            return False

    async def _keep_pools(self) -> None:
        """A pool of processes is told the paper exchange's address at its start, and refuses bots of one that it knows
        nothing of: that address comes first."""
        if not await self._exchange_has_come():
            logger.warning("the paper exchange does not come: pools start without it and take no bots of it")
        await PoolKeeper(self._means.database, self._means.drivers, self._means.agents, strays=self._strays).run()

    async def _keep_gateway(self) -> None:
        """It is told the paper exchange's address at its start. Pools do not wait for it: where it will be is known."""
        await self._exchange_has_come()
        if self._means.gateway is not None:
            await keep_companion(self._means.gateway)

    async def _exchange_has_come(self) -> bool:
        """Waits until it is known where pools find the paper exchange, where there is to be one; False if in vain."""
        paper = self._means.paper
        until = time.monotonic() + _EXCHANGE_WAIT_SECONDS
        while paper is not None and paper.pool_url() is None:
            if time.monotonic() > until:
                return False
            await asyncio.sleep(_POLL_SECONDS)
        return True


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


async def stop_pools(drivers: Mapping[str, PoolDriver], companions: Sequence[Companion | None]) -> None:
    """All pools, their bots in good order, and then what they share. What cannot be stopped is told and goes on."""
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
    for companion in filter(None, companions):
        try:
            await companion.stop()
        except CannotStartCompanion as error:
            logger.error("what pools share is not stopped: {}", error)


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
