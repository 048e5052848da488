"""Carries out what administrators want of drivers: pools restarted, disks purged. Runs on the leader."""

import asyncio
from collections.abc import Mapping

from loguru import logger
from sqlalchemy.exc import SQLAlchemyError

from orchestrator.db.engine import Database
from orchestrator.pools import orders, repository
from orchestrator.pools.drivers import CannotStartPool, DriverUnavailable, PoolDriver
from orchestrator.pools.models import PoolModel, PoolOrderModel

_INTERVAL_SECONDS = 1.0
_RETRY_SECONDS = 10.0


class OrderTask:
    """Run `run` as one task on the leader. `drivers` by the name that an order has. What fails is told in the order's
    `problem` and tried again; a restart that was interrupted is done again: it does no harm."""

    def __init__(
        self, database: Database, drivers: Mapping[str, PoolDriver], interval_seconds: float = _INTERVAL_SECONDS
    ) -> None:
        self._database = database
        self._drivers = drivers
        self._interval_seconds = interval_seconds

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            failed = True
            try:
                failed = await self.tick()
            except (SQLAlchemyError, OSError) as error:
                logger.error("orders to pools cannot be read or written, again soon: {}", error)
            await asyncio.sleep(_RETRY_SECONDS if failed else self._interval_seconds)

    async def tick(self) -> bool:
        """Tries every order once, side by side; True where one of them failed."""
        async with self._database.read() as session:
            waiting = await orders.every(session)
            pools = {order.pool_id: await repository.find(session, order.pool_id) for order in waiting}
        # All of them end before any failure is told: else the next tick would begin again what is still under way.
        outcomes = await asyncio.gather(
            *(self._carry_out(order, pools[order.pool_id]) for order in waiting), return_exceptions=True
        )
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome
        return any(outcomes)

    async def _carry_out(self, order: PoolOrderModel, pool: PoolModel | None) -> bool:
        driver = self._drivers.get(order.driver)
        if driver is None:
            return await self._failed(order, f"There is no driver {order.driver!r} here.")
        if order.kind == "purge" and pool is not None and pool.desired_state == "removed":
            return False  # it is being removed first
        outcome = "done"
        try:
            if order.kind == "purge" and pool is not None:
                outcome = "left: there is a pool of that name again"  # whose disk nobody asked to purge
            elif order.kind == "purge":
                await driver.purge(order.pool_id)
            elif pool is None or pool.desired_state != "running":
                outcome = "left: the pool is stopped or gone"
            else:
                await driver.restart(pool, graceful=True)
        except (CannotStartPool, DriverUnavailable) as error:
            return await self._failed(order, str(error))
        async with self._database.unit_of_work() as session:
            await orders.done(session, order, outcome)
        logger.info("pool {}: {} {}", order.pool_id, order.kind, outcome)
        return False

    async def _failed(self, order: PoolOrderModel, problem: str) -> bool:
        logger.warning("pool {}: the {} failed, again in {} s: {}", order.pool_id, order.kind, _RETRY_SECONDS, problem)
        async with self._database.unit_of_work() as session:
            await orders.tell_problem(session, order, problem)
        return True
