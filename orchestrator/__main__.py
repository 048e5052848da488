"""The composition root: the only place that chooses drivers, and knows everything that runs.

`ControlPlane` is what `flotilla up` and `serve` embed beside the API; `python -m orchestrator` runs it alone. It may
be killed at any moment: intent is in the database, and pools, bots and the paper exchange are processes of their own,
which the next start finds again. Of several that share a PostgreSQL one leads and does the work of `orchestrator.term`.
"""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping, Sequence

from loguru import logger
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from orchestrator import home
from orchestrator.actions.tally import Tally
from orchestrator.audit.ledger import SEAL_KEY
from orchestrator.audit.seal import SealKey
from orchestrator.audit.verify import seal
from orchestrator.db import schema
from orchestrator.db.engine import Database, is_postgresql
from orchestrator.errors import Conflict, DisksUnknown, Error, InvalidSpec
from orchestrator.events.bus import Bus
from orchestrator.events.opening import open_bus
from orchestrator.exchange_keys.checks import Checks
from orchestrator.exchange_keys.desk import KeyDesk
from orchestrator.exchange_keys.vault import Vault, kek_ids
from orchestrator.exchanges.markets import MarketDirectory
from orchestrator.exchanges.paper_accounts import PaperAccounts
from orchestrator.exchanges.traffic import Traffic
from orchestrator.home import Secrets
from orchestrator.kit import logs, memory
from orchestrator.kit.cache import Cache
from orchestrator.kit.kek_source import KEK_FILE, source_of, take_from_environment
from orchestrator.kit.opening import open_cache
from orchestrator.kit.undumpable import guard_memory
from orchestrator.leader.election import HomeLeadership, Leadership, LockLeadership
from orchestrator.leader.installation import PoolsHome, claim, docker_problem, others_pools, others_secrets
from orchestrator.leader.lock import somebody_leads
from orchestrator.logging_levels import watch as logging_levels
from orchestrator.market.service import MarketData
from orchestrator.pools import service as pools
from orchestrator.pools.client import AgentEndpoint
from orchestrator.pools.directory import AgentDirectory
from orchestrator.pools.disks import Disks
from orchestrator.pools.drivers import (
    CannotUseImage,
    DiskDriver,
    DoubtfulDriver,
    DriverUnavailable,
    ImageDriver,
    PoolDriver,
)
from orchestrator.pools.models import PoolModel
from orchestrator.portfolio.service import PortfolioService
from orchestrator.push.places import Places, PushWays
from orchestrator.push.vapid import Vapid
from orchestrator.runtime import Runtime, runtime_of
from orchestrator.settings import OrchestratorSettings
from orchestrator.templates.catalogue import Catalogue
from orchestrator.term import Means, Runner, Term, forget_slots, stop_pools

_IMAGE_SECONDS = 5.0
_DISKS_SECONDS = 15.0
_PLACE_SECONDS = 5.0
_KEK_VARIABLE = "FLOTILLA_ORCH_KEK"
_NO_REDIS = (
    "Several control planes share the database, but no Redis: what one tells, the browsers of the others do not hear. "
    "Set FLOTILLA_ORCH_REDIS_URL for all of them."
)


class ControlPlane:
    """One control plane. The attributes are there from `start` on. `drivers` by the name that a pool's row has; None
    for what the settings say. `extra_tasks` run beside the others while this one leads. One that is no `candidate`
    never leads: it serves the API alone."""

    database: Database
    bus: Bus
    cache: Cache
    agents: AgentDirectory
    catalogue: Catalogue
    market: MarketData
    markets: MarketDirectory
    secrets: Secrets
    portfolio: PortfolioService
    keys: KeyDesk

    def __init__(
        self,
        settings: OrchestratorSettings,
        *,
        drivers: Mapping[str, PoolDriver] | None = None,
        extra_tasks: Sequence[Runner] = (),
        candidate: bool = True,
    ) -> None:
        self.settings = settings.model_copy(update={"home": settings.home.expanduser().resolve()})
        take_from_environment(_KEK_VARIABLE)
        self._shared = is_postgresql(self.settings.url)
        self._runtime: Runtime = runtime_of(self.settings, drivers)
        self.traffic = Traffic(
            None if self._runtime.gateway is None else self._runtime.find_gateway, why=self._runtime.gateway_problem
        )
        self.push = PushWays(Places(self.settings.push_origins), self.settings.push_contact)
        self.tally = Tally()
        """What rules did while this one led."""
        self._extra_tasks = list(extra_tasks)
        self._candidate = candidate
        self._leadership: Leadership = LockLeadership(self.settings.url) if self._shared else HomeLeadership()
        self._term: Term | None = None
        self._task: asyncio.Task[None] | None = None
        self._levels: asyncio.Task[None] | None = None
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
        """Ends the control plane; with `pools` also every pool, its bots in good order, and the paper exchange, unless
        another control plane goes on with them."""
        if pools and self._shared and not (self._leadership.leading() and self._leadership.alone):
            logger.warning("pools are not stopped: another control plane goes on with them")
            pools = False
        for task in (self._task, self._levels):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        self._task = self._levels = None
        if pools:
            await self._stop_pools()
        if self._started:
            self._started = False
            await self.agents.aclose()
            await self.bus.close()
            await self.market.aclose()
            await self.cache.close()
        await self._runtime.aclose()
        if hasattr(self, "database"):
            await self.database.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    async def readiness(self) -> Mapping[str, str | None]:
        """Checks by name: None where all is well, else the reason in a sentence."""
        checks: dict[str, str | None] = {"leader": await self._leader_problem(), "bus": self._bus_problem()}
        if self._term is not None:
            checks["reconciler"] = self._term.problem()
        paper = self._runtime.paper
        if paper is not None:
            up = await paper.answers()
            checks["paper-exchange"] = None if up else paper.problem or "The paper exchange does not answer yet."
        async with self.database.read() as session:
            used = set(await kek_ids(session))
        locked = await self.keys.vault.problem(used)
        if locked is not None:
            checks["exchange-keys"] = locked
        async with self.database.read() as session:
            for pool in await pools.every(session):
                if pool.desired_state == "running":
                    checks[pool.id] = None if pool.observed_state == "ready" else _why_not_ready(pool)
        return checks

    async def check_image(self, image: str) -> None:
        """Raises InvalidSpec (field `image`) where no pool can be made of it. Passes where nobody can tell now: then it
        comes out when a pool is."""
        driver = self._runtime.drivers.get(self.settings.pool_driver)
        if not isinstance(driver, ImageDriver):
            return
        try:
            async with asyncio.timeout(_IMAGE_SECONDS):
                await driver.check_image(image)
        except CannotUseImage as error:
            raise InvalidSpec(str(error), field="image") from error
        except (DriverUnavailable, TimeoutError) as error:
            logger.warning("whether pools can be made of {} cannot be told: {}", image, error)

    async def pool_disks(self) -> Disks:
        """What pools keep, removed ones included. Raises DisksUnknown."""
        drivers = self._runtime.drivers.items()
        try:
            async with asyncio.timeout(_DISKS_SECONDS):
                return {name: await driver.disks() for name, driver in drivers if isinstance(driver, DiskDriver)}
        except DriverUnavailable as error:
            raise DisksUnknown(str(error)) from error
        except TimeoutError as error:
            raise DisksUnknown("What runs the pools does not tell their disks in time; try again later.") from error

    def gauges(self) -> Mapping[str, float]:
        """Readings for /metrics."""
        connections = self.database.readings()
        readings = {
            "leader": float(self._leadership.leading() and self._candidate),
            "database_connections_limit": connections.limit,
            "database_connections_in_use": connections.in_use,
            "database_connections_idle": connections.idle,
            "database_connections_waiting": connections.waiting,
            "database_connection_timeouts": connections.timeouts,
            **self.bus.gauges(),
            **self.market.readings(),
        }
        if self._term is not None:
            readings.update(self._term.gauges())
        return readings

    async def _start(self) -> None:
        directory = self.settings.home
        home.prepare(directory)
        if self._shared:
            self._check_sharing()
        else:
            if not self._candidate:
                raise Conflict(
                    "--api-only needs PostgreSQL, which processes can share: set FLOTILLA_ORCH_DATABASE_URL."
                )
            self._lock = home.lock(directory)
        self.secrets = home.load_secrets(directory, self.settings.secrets_file)
        self.catalogue = await asyncio.to_thread(Catalogue.load, self.settings.templates_directory)
        if self.settings.database_url is None:
            home.prepare_database(directory)
        await schema.bring_up(self.settings.url)
        self.database = Database(
            self.settings.url,
            connections=self.settings.database_connections,
            statement_seconds=self.settings.database_statement_seconds,
            info={SEAL_KEY: SealKey.of(self.secrets.token_signing_key)},
        )
        await self._check_installation()
        await logging_levels.look(self.database)
        self._levels = asyncio.create_task(logging_levels.watch(self.database), name="logging-levels")
        await self._seal_audit()
        self.keys = await self._open_keys()
        self.bus = open_bus(self.settings.redis_url, f"flotilla:{self.secrets.installation_id}:")
        self.cache = open_cache(self.settings.redis_url, f"flotilla:{self.secrets.installation_id}:cache:")
        self.agents = AgentDirectory(self._endpoint, self._doubt)
        self.markets = MarketDirectory(self._runtime.exchange_url)
        self.market = MarketData(None if self._runtime.gateway is None else self._runtime.find_gateway, self.cache)
        self.portfolio = PortfolioService(self.database, self.bus, keeps_marks=self._keeps_marks)
        self._started = True
        if self._shared:
            begun = None
        else:
            begun = self._new_term()
            await begun.begin()
        if self._candidate:
            self._task = asyncio.create_task(self._leadership.run(lambda: self._lead(begun)), name="leadership")

    def _check_sharing(self) -> None:
        """Raises Conflict where processes could not work together."""
        if not self._candidate and self.settings.redis_url is None:
            raise Conflict(
                "--api-only needs Redis, through which it hears what happens: set FLOTILLA_ORCH_REDIS_URL, here and "
                "for the control plane that leads."
            )

    async def _check_installation(self) -> None:
        """Raises Conflict where the database is of another installation, or its pools are of another home or Docker."""
        place = None
        if self._runtime.local_pools:
            place = PoolsHome(home.identity(self.settings.home), str(self.settings.home))
        row = await claim(self.database, self.secrets.installation_id, place if self._shared else None)
        if row.id != self.secrets.installation_id:
            if self._shared:
                raise Conflict(
                    others_secrets(row, str(self.settings.secrets_file or self.settings.home / "secrets.json"))
                )
            home.adopt(self.settings.home, row.id)
            self.secrets = home.load_secrets(self.settings.home)
        if self._shared and place is not None and row.pools_home != place.id:
            raise Conflict(others_pools(row))
        broker = self._runtime.broker
        if broker is not None:
            broker.belong(self._docker_problem)
            with contextlib.suppress(TimeoutError):  # it is made sure of once more before anything is done
                async with asyncio.timeout(_PLACE_SECONDS):
                    problem = await broker.misplaced()
                if problem is not None:
                    raise Conflict(problem)

    async def _open_keys(self) -> KeyDesk:
        """Whatever is the matter with the key-encryption key, all else goes on: `readiness` tells."""
        told = self.settings
        vault = Vault(
            source_of(
                (told.secrets_file or told.home / home.SECRETS_FILE).with_name(KEK_FILE),
                told.kek_file,
                None if told.kek is None else told.kek.get_secret_value(),
                None if told.kek_command is None else told.kek_command.get_secret_value(),
            ),
            self.secrets.token_signing_key,
        )
        async with self.database.read() as session:
            used = set(await kek_ids(session))
        await vault.prepare(used)
        self._runtime.take_secret(self.secrets.token_signing_key)
        url = self._runtime.exchange_url
        return KeyDesk(self.database, vault, Checks(url), PaperAccounts(url, self._runtime.paper_token))

    async def _seal_audit(self) -> None:
        """Chains from before there were seals get theirs."""
        async with self.database.unit_of_work() as session:
            sealed = await seal(session, SealKey.of(self.secrets.token_signing_key))
        if sealed:
            logger.warning("the audit had no seals and is sealed from here on: {}", ", ".join(sealed))

    async def _docker_problem(self, place: str) -> str | None:
        try:
            return await docker_problem(self.database, self.settings.accept_docker, place)
        except (SQLAlchemyError, OSError):
            return "Whether pools may be run here cannot be told: the database does not answer."

    def _new_term(self) -> Term:
        means = Means(
            settings=self.settings,
            database=self.database.guarded(self._leadership.guard),
            bus=self.bus,
            agents=self.agents,
            catalogue=self.catalogue,
            portfolio=self.portfolio,
            drivers=self._runtime.drivers,
            paper=self._runtime.paper,
            leading=self._leadership.leading,
            exchange_url=self._runtime.exchange_url,
            gateway=self._runtime.gateway,
            traffic=self.traffic,
            extra=self._extra_tasks,
            tally=self.tally,
            keys=self.keys,
            push=self.push,
            vapid=Vapid.of(self.secrets.token_signing_key),
        )
        return Term(means)

    async def _lead(self, begun: Term | None) -> None:
        """One time of leading; `begun` where its beginning has been."""
        self._term = begun or self._new_term()
        try:
            if begun is None:
                await self._term.begin()
            await self._term.run()
        finally:
            self._term = None

    def _keeps_marks(self) -> bool:
        return self._candidate and self._leadership.leading()

    async def _leader_problem(self) -> str | None:
        if not self._shared or self._leadership.leading():
            return None
        if self._candidate and self._leadership.problem is not None:
            return self._leadership.problem
        async with self.database.read() as session:
            if await somebody_leads(session):
                return None
        return "No control plane leads; one takes over within seconds, or start one."

    def _bus_problem(self) -> str | None:
        if self._shared and self.settings.redis_url is None and not self._leadership.alone:
            return _NO_REDIS
        return self.bus.health()

    async def _stop_pools(self) -> None:
        drivers = self._runtime.drivers
        await stop_pools(drivers, (self._runtime.gateway, self._runtime.paper))
        if self._started:
            with contextlib.suppress(SQLAlchemyError):  # a full disk, say; the next start does the same
                await forget_slots(self.database, drivers)

    async def _endpoint(self, pool_id: str) -> AgentEndpoint | None:
        for driver in self._runtime.drivers.values():
            endpoint = await driver.endpoint(pool_id)
            if endpoint is not None:
                return endpoint
        return None

    def _doubt(self, pool_id: str) -> None:
        for driver in self._runtime.drivers.values():
            if isinstance(driver, DoubtfulDriver):
                driver.doubt(pool_id)


def _why_not_ready(pool: PoolModel) -> str:
    """Open to all."""
    told = "; ".join(str(condition["message"]) for condition in pools.public_conditions(pool))
    return f"The pool is {pool.observed_state}{': ' + told if told else '.'}"


async def _run_alone() -> None:
    control = ControlPlane(OrchestratorSettings())
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    await control.start()
    memory.settle()
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
    guard_memory()
    memory.give_back_early()
    logs.restart()
    logs.add(sys.stderr)
    try:
        asyncio.run(_run_alone())
    except (Error, schema.DatabaseTooNew, ValidationError, SQLAlchemyError, OSError) as error:
        print(f"flotilla: {_sentence(error)}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main())
