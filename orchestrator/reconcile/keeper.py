"""Keeps pools and what they share alive: `ensure` again and again, with growing delays where it fails, has pools
removed that are to go, and writes what drivers and agents tell of pools and machines: when it changes, and every few
seconds anyway. What a driver hints at is looked at at once; what it cannot look at is left as it is."""

import asyncio
import contextlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from loguru import logger
from sqlalchemy.exc import SQLAlchemyError

from orchestrator.db.engine import Database
from orchestrator.errors import Error
from orchestrator.exchanges.companion import CannotStartCompanion, Companion
from orchestrator.kit.backoff import Backoff
from orchestrator.kit.clock import utc_now
from orchestrator.pools import nodes, service
from orchestrator.pools.directory import AgentDirectory
from orchestrator.pools.drivers import CannotStartPool, DriverUnavailable, HintingDriver, PoolDriver, PoolObservation
from orchestrator.pools.models import REMOVED, PoolModel
from orchestrator.reconcile.strays import Strays
from pool.contract.pools import PoolReport

_BACKOFF = Backoff(first_seconds=1, limit_seconds=30)
_INTERVAL_SECONDS = 1.0
_REPORT_SECONDS = 5.0
_NODE_SECONDS = 10.0
_HINTS_STEADY_SECONDS = 5.0
_PROTOCOL_MISMATCH = "ProtocolMismatch"
_DRIVER_UNAVAILABLE = "DriverUnavailable"
_STEADY_SECONDS = 60.0
"""What lived this long starts again without delay."""


@dataclass(slots=True)
class _Attempts:
    failures: int = 0
    tried_at: float = float("-inf")

    def due(self, now: float) -> bool:
        return now - self.tried_at >= _BACKOFF.delay_seconds(self.failures)


class PoolKeeper:
    """Run `run` as one task. `drivers` by the name that a pool's row has; `strays` are told beside their machine."""

    def __init__(
        self,
        database: Database,
        drivers: Mapping[str, PoolDriver],
        agents: AgentDirectory,
        interval_seconds: float = _INTERVAL_SECONDS,
        strays: Strays | None = None,
    ) -> None:
        self._database = database
        self._drivers = drivers
        self._agents = agents
        self._interval_seconds = interval_seconds
        self._strays = strays
        self._attempts: dict[str, _Attempts] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._hinted: set[str] = set()
        self._wake = asyncio.Event()

    async def run(self) -> None:
        """Until cancelled. One task per pool, so that a slow driver or agent holds up only its own, and one per driver
        for its machine and one for its hints."""
        watches = [
            asyncio.create_task(self._watch_node(name, driver), name=f"node-{name}")
            for name, driver in self._drivers.items()
        ]
        watches += [
            asyncio.create_task(self._listen(name, driver), name=f"hints-{name}")
            for name, driver in self._drivers.items()
            if isinstance(driver, HintingDriver)
        ]
        try:
            while True:
                try:
                    await self._spawn_tasks()
                except (SQLAlchemyError, OSError) as error:
                    logger.error("the pool keeper cannot use the database, it will try again: {}", error)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), self._interval_seconds)
                self._wake.clear()
        finally:
            tasks = [*self._tasks.values(), *watches]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _spawn_tasks(self) -> None:
        async with self._database.read() as session:
            pools = await service.every(session)
        for gone in self._tasks.keys() - {pool.id for pool in pools}:
            if self._tasks[gone].done():
                del self._tasks[gone]
                self._attempts.pop(gone, None)
        for pool in pools:
            task = self._tasks.get(pool.id)
            if task is None or task.done():
                hinted = pool.id in self._hinted
                self._hinted.discard(pool.id)
                task = asyncio.create_task(self._keep(pool, hinted), name=f"keep-{pool.id}")
                task.add_done_callback(partial(self._look_again, pool.id))
                self._tasks[pool.id] = task
        self._hinted.intersection_update(self._tasks)

    def _look_again(self, pool_id: str, _: asyncio.Task[None]) -> None:
        """Something happened while it was looked at."""
        if pool_id in self._hinted:
            self._wake.set()

    async def _listen(self, name: str, driver: HintingDriver) -> None:
        failures = 0
        while True:
            began_at = time.monotonic()
            try:
                async for hint in driver.hints():
                    self._hinted.update([hint.pool_id] if hint.pool_id else self._tasks)
                    self._wake.set()
            except DriverUnavailable as error:
                logger.debug("driver {} tells nothing, pools are looked at in turn: {}", name, error)
            except Exception:  # a task's boundary: without hints pools are looked at in turn
                logger.exception("the hints of driver {} broke off", name)
            failures = 1 if time.monotonic() - began_at > _HINTS_STEADY_SECONDS else failures + 1
            await asyncio.sleep(_BACKOFF.delay_seconds(failures))

    async def _keep(self, pool: PoolModel, hinted: bool) -> None:
        driver = self._drivers.get(pool.driver)
        if driver is None:
            logger.error("pool {} wants the driver {!r}, which there is not", pool.id, pool.driver)
            await asyncio.sleep(_REPORT_SECONDS)
            return
        try:
            if pool.desired_state == REMOVED:
                seen = await self._remove(pool, driver)
            else:
                seen = await self._look(pool, driver, hinted)
            if seen is not None:
                async with self._database.unit_of_work() as session:
                    await service.observe(session, pool.id, seen)
        except (SQLAlchemyError, OSError) as error:
            logger.error("what pool {} tells cannot be written: {}", pool.id, error)
        except Exception:  # a task's boundary: keeping one pool must not end the keeper
            logger.exception("keeping pool {} failed", pool.id)

    async def _remove(self, pool: PoolModel, driver: PoolDriver) -> service.PoolSeen | None:
        """Its row goes only once the driver has removed it, so whoever comes next does it again if need be."""
        attempts = self._attempts.setdefault(pool.id, _Attempts())
        if not attempts.due(time.monotonic()):
            return None
        attempts.tried_at = time.monotonic()
        attempts.failures += 1
        try:
            await driver.remove(pool.id)
        except DriverUnavailable as error:
            logger.error("pool {} cannot be removed, again soon: {}", pool.id, error)
            return service.PoolSeen(utc_now(), True, None, str(error))
        async with self._database.unit_of_work() as session:
            await service.forget(session, pool.id)
        logger.info("pool {} is removed; what it keeps on disk stays", pool.id)
        return None

    async def _look(self, pool: PoolModel, driver: PoolDriver, hinted: bool) -> service.PoolSeen | None:
        """None where there is nothing new yet. `hinted` means that something happened, so its agent is asked anyway."""
        observation = await driver.observe(pool.id)
        if not observation.known:
            return await self._unseen(pool, observation)
        attempts = self._attempts.setdefault(pool.id, _Attempts())
        if pool.desired_state == "stopped":
            return await self._stop(pool, driver, observation.alive)
        if not observation.alive:
            return await self._start(pool, driver, attempts, observation.problem)
        if time.monotonic() - attempts.tried_at > _STEADY_SECONDS:
            attempts.failures = 0
        same = pool.observed_state == "ready" and observation.image_id in (None, pool.image_id)
        if same and observation.problem is None and not hinted and not _old(pool):
            return None
        report, problem, kind = await self._ask(pool)
        if observation.problem is not None:
            problem, kind = observation.problem, None
        return service.PoolSeen(utc_now(), True, report, problem, kind, image_id=observation.image_id)

    async def _unseen(self, pool: PoolModel, observation: PoolObservation) -> service.PoolSeen | None:
        """Nothing is done to a pool that nobody can look at; its agent may answer all the same. None where there is
        nothing new yet."""
        held = {(condition.get("type"), condition.get("message")) for condition in pool.conditions}
        if (_DRIVER_UNAVAILABLE, observation.problem) in held and not _old(pool):
            return None
        report = (await self._ask(pool))[0] if observation.endpoint is not None else None
        return service.PoolSeen(utc_now(), True, report, observation.problem, _DRIVER_UNAVAILABLE, known=False)

    async def _stop(self, pool: PoolModel, driver: PoolDriver, alive: bool) -> service.PoolSeen:
        try:
            if alive:
                await driver.stop(pool.id, graceful=True)
        except DriverUnavailable as error:
            return service.PoolSeen(utc_now(), True, None, str(error))
        return service.PoolSeen(utc_now(), False, None)

    async def _start(
        self, pool: PoolModel, driver: PoolDriver, attempts: _Attempts, problem: str | None
    ) -> service.PoolSeen:
        if attempts.due(time.monotonic()):
            attempts.tried_at = time.monotonic()
            attempts.failures += 1
            try:
                await driver.ensure(pool)
            except CannotStartPool as error:
                logger.error("{}", error)
                problem = str(error)
        return service.PoolSeen(utc_now(), False, None, problem)

    async def _ask(self, pool: PoolModel) -> tuple[PoolReport | None, str | None, str | None]:
        """The report, or why there is none, and the type of that condition where it is a particular one."""
        try:
            agent = await self._agents.agent_for(pool.id)
            return await agent.pool(_REPORT_SECONDS), None, None
        except Error as error:
            return None, error.message, _PROTOCOL_MISMATCH if "protocol" in error.params else None

    async def _watch_node(self, name: str, driver: PoolDriver) -> None:
        while True:
            seen, problem = None, None
            try:
                seen = await driver.node()
                if seen is not None and self._strays is not None:
                    told = [*seen.conditions, *self._strays.problems(name)]
                    seen = seen.model_copy(update={"conditions": told})
            except DriverUnavailable as error:
                problem = str(error)
            except Exception:  # a task's boundary: what one machine tells must not end its watch
                logger.exception("the machine of driver {} cannot be looked at", name)
            try:
                async with self._database.unit_of_work() as session:
                    await nodes.observe(session, name, seen, problem)
            except (SQLAlchemyError, OSError) as error:
                logger.error("what the machine of driver {} tells cannot be written: {}", name, error)
            await asyncio.sleep(_NODE_SECONDS)


def _old(pool: PoolModel) -> bool:
    return pool.last_seen_at is None or (utc_now() - pool.last_seen_at).total_seconds() >= _REPORT_SECONDS


async def keep_companion(companion: Companion) -> None:
    """Keeps the paper exchange or the gateway alive, until cancelled."""
    attempts = _Attempts()
    while True:
        now = time.monotonic()
        if await companion.alive():
            if now - attempts.tried_at > _STEADY_SECONDS:
                attempts.failures = 0
        elif attempts.due(now):
            attempts.tried_at = now
            attempts.failures += 1
            try:
                await companion.ensure()
            except CannotStartCompanion as error:
                logger.error("{}", error)
        await asyncio.sleep(_INTERVAL_SECONDS)
