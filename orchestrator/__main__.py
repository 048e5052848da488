"""The composition root: the only place that chooses drivers, and knows everything that runs.

`ControlPlane` is what `flotilla up` and `serve` embed beside the API; `python -m orchestrator` runs it alone. It may
be killed at any moment: intent is in the database, and pools, bots and the paper exchange are processes of their own,
which the next start finds again.
"""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

from loguru import logger
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from orchestrator import home
from orchestrator.bots import repository
from orchestrator.bots.observe import observe
from orchestrator.bots.status import SlotAbsent
from orchestrator.db import migrate
from orchestrator.db.engine import Database
from orchestrator.errors import Error
from orchestrator.events.in_process import InProcessBus
from orchestrator.exchanges.markets import MarketDirectory
from orchestrator.exchanges.paper import PaperExchange
from orchestrator.home import Secrets
from orchestrator.intake.collector import Intake
from orchestrator.kit.backoff import Backoff
from orchestrator.kit.clock import utc_now
from orchestrator.pools import service as pools
from orchestrator.pools.client import AgentEndpoint
from orchestrator.pools.directory import AgentDirectory
from orchestrator.pools.drivers import PoolDriver
from orchestrator.pools.drivers.process import ProcessDriver
from orchestrator.pools.models import PoolModel
from orchestrator.portfolio.service import PortfolioService
from orchestrator.portfolio.task import PortfolioTask
from orchestrator.reconcile.keeper import PoolKeeper, keep_exchange
from orchestrator.reconcile.loop import Reconciler
from orchestrator.settings import OrchestratorSettings
from orchestrator.templates.catalogue import Catalogue

Runner = Callable[[], Awaitable[None]]
"""A task that runs until it is cancelled."""

_BACKOFF = Backoff(first_seconds=1, limit_seconds=30)
_EXCHANGE_WAIT_SECONDS = 5.0
_TICK_LATE_SECONDS = 15.0
_POLL_SECONDS = 0.05


class ControlPlane:
    """One control plane of a home directory. The attributes are there from `start` on. `drivers` by the name that a
    pool's row has; None for the process driver. `extra_tasks` run beside the others."""

    database: Database
    bus: InProcessBus
    agents: AgentDirectory
    catalogue: Catalogue
    markets: MarketDirectory
    secrets: Secrets
    portfolio: PortfolioService

    def __init__(
        self,
        settings: OrchestratorSettings,
        *,
        drivers: Mapping[str, PoolDriver] | None = None,
        extra_tasks: Sequence[Runner] = (),
    ) -> None:
        self.settings = settings.model_copy(update={"home": settings.home.expanduser().resolve()})
        self.paper = PaperExchange(self.settings.home / "paper-exchange", self.settings.paper_symbols)
        self._drivers = drivers if drivers is not None else {"process": self._process_driver()}
        self._extra_tasks = list(extra_tasks)
        self._tasks: list[asyncio.Task[None]] = []
        self._reconciler: Reconciler | None = None
        self._lock: int | None = None
        self._started = False

    async def start(self) -> None:
        """Brings everything up; pools may still be warming up when this returns. Raises orchestrator.errors.Error,
        DatabaseTooNew, SQLAlchemyError or OSError, each telling in a sentence what to do, and leaves nothing behind."""
        try:
            await self._start()
        except BaseException:
            await self.stop(pools=False)
            raise

    async def stop(self, *, pools: bool) -> None:
        """Ends the control plane; with `pools` also every pool, its bots in good order, and the paper exchange."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        if pools:
            await self._stop_pools()
        if self._started:
            self._started = False
            await self.bus.close()
            await self.agents.aclose()
        if hasattr(self, "database"):
            await self.database.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    async def readiness(self) -> Mapping[str, str | None]:
        """Checks by name: None where all is well, else the reason in a sentence."""
        checks: dict[str, str | None] = {"reconciler": None}
        if self._reconciler is None or time.monotonic() - self._reconciler.ticked_at > _TICK_LATE_SECONDS:
            checks["reconciler"] = "The reconciler makes no progress; the log says why."
        if self.settings.paper_exchange:
            up = await self.paper.answers()
            checks["paper-exchange"] = None if up else self.paper.problem or "The paper exchange does not answer yet."
        async with self.database.read() as session:
            for pool in await pools.every(session):
                if pool.desired_state == "running":
                    checks[pool.id] = None if pool.observed_state == "ready" else _why_not_ready(pool)
        return checks

    def gauges(self) -> Mapping[str, float]:
        """Readings for /metrics."""
        if self._reconciler is None:
            return {}
        return {"reconcile_lag_seconds": time.monotonic() - self._reconciler.ticked_at}

    async def _start(self) -> None:
        directory = self.settings.home
        home.prepare(directory)
        self._lock = home.lock(directory)
        self.secrets = home.load_secrets(directory)
        self.catalogue = await asyncio.to_thread(Catalogue.load, self.settings.templates_directory)
        if self.settings.database_url is None:
            home.prepare_database(directory)
        await migrate.upgrade(self.settings.url)
        self.database = Database(self.settings.url)
        if "process" in self._drivers:
            async with self.database.unit_of_work() as session:
                await pools.ensure_local_pool(session, self.settings.pool_slots, self.settings.pool_memory_limit_bytes)
        await self._forget_slots()
        self.bus = InProcessBus()
        self.agents = AgentDirectory(self._endpoint)
        self.markets = MarketDirectory(self.paper.url)
        self.portfolio = PortfolioService(self.database, self.bus)
        self._started = True
        self._run_tasks()

    def _run_tasks(self) -> None:
        self._reconciler = Reconciler(self.database, self.bus, self.agents, self.catalogue, self.settings)
        runners: dict[str, Runner] = {
            "reconciler": self._reconciler.run,
            "intake": Intake(self.database, self.bus, self.agents).run,
            "portfolio": PortfolioTask(
                self.database, self.bus, self.portfolio, event_retention_days=self.settings.event_retention_days
            ).run,
            "pools": self._keep_pools,
        }
        if self.settings.paper_exchange:
            runners["paper-exchange"] = lambda: keep_exchange(self.paper)
        for number, extra in enumerate(self._extra_tasks):
            runners[f"extra-{number}"] = extra
        self._tasks = [asyncio.create_task(_kept(name, runner), name=name) for name, runner in runners.items()]

    async def _keep_pools(self) -> None:
        """A pool is told the paper exchange's address at its start, so that one comes first."""
        for _ in range(int(_EXCHANGE_WAIT_SECONDS / _POLL_SECONDS)):
            if not self.settings.paper_exchange or self.paper.url() is not None:
                break
            await asyncio.sleep(_POLL_SECONDS)
        await PoolKeeper(self.database, self._drivers, self.agents).run()

    async def _stop_pools(self) -> None:
        stops = [
            driver.stop(pool_id, graceful=True) for driver in self._drivers.values() for pool_id in await driver.list()
        ]
        for outcome in await asyncio.gather(*stops, return_exceptions=True):
            if isinstance(outcome, BaseException):
                logger.opt(exception=outcome).error("a pool could not be stopped")
        if self.settings.paper_exchange:
            await self.paper.stop()
        if self._started:
            with contextlib.suppress(SQLAlchemyError):  # a full disk, say; the next start does the same
                await self._forget_slots()

    async def _forget_slots(self) -> None:
        """A pool that does not live is not ready, its bots have no process: nobody shall take the last state that was
        written of them for the present one."""
        async with self.database.read() as session:
            rows = await repository.desired(session)
            placed = await pools.every(session)
        dead = {
            pool.id
            for pool in placed
            if pool.driver in self._drivers and not (await self._drivers[pool.driver].observe(pool.id)).alive
        }
        gone = [SlotAbsent(row.bot.id, utc_now()) for row in rows if row.bot.pool_id in dead]
        async with self.database.unit_of_work() as session:
            await observe(session, gone)
            for pool_id in dead:
                await pools.observe(session, pool_id, pools.PoolSeen(utc_now(), alive=False, report=None))

    async def _endpoint(self, pool_id: str) -> AgentEndpoint | None:
        for driver in self._drivers.values():
            endpoint = await driver.endpoint(pool_id)
            if endpoint is not None:
                return endpoint
        return None

    def _process_driver(self) -> ProcessDriver:
        exchange_url = self.paper.url if self.settings.paper_exchange else lambda: None
        return ProcessDriver(self.settings.home / "pools", exchange_url, self.settings.stop_seconds)


def _why_not_ready(pool: PoolModel) -> str:
    told = "; ".join(str(condition["message"]) for condition in pool.conditions)
    return f"The pool is {pool.observed_state}{': ' + told if told else '.'}"


async def _kept(name: str, runner: Runner) -> None:
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


async def _run_alone() -> None:
    control = ControlPlane(OrchestratorSettings())
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    await control.start()
    try:
        await stopped.wait()
    finally:
        await control.stop(pools=False)


def _sentence(error: Exception) -> str:
    if isinstance(error, Error):
        return error.message
    if isinstance(error, DBAPIError):
        return f"The database cannot be used ({error.orig}): restore it, or free some space, and start again."
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"The setting {'.'.join(str(part) for part in first['loc'])} is not right: {first['msg']}."
    if isinstance(error, OSError):
        return f"{error.filename or 'The home directory'} cannot be used: {error.strerror or error}."
    return str(error)


def main() -> int:
    """Runs until SIGTERM or SIGINT; pools and bots go on. Exit code 1 where it could not start, told in a sentence."""
    logger.remove()
    logger.add(sys.stderr, diagnose=False)  # would print the values of variables, secrets among them
    try:
        asyncio.run(_run_alone())
    except (Error, migrate.DatabaseTooNew, ValidationError, SQLAlchemyError, OSError) as error:
        print(f"flotilla: {_sentence(error)}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main())
