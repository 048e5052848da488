"""Modes and leases on their way down: to every pool every three seconds, and at once when an order changes.

A lease is given only while the database answers and this process leads; otherwise nothing is sent, and the leases that
bots have lapse by themselves. The clock that an agent answered is echoed to it, so that a lease counts from then; after
any failure it is forgotten, since an agent's machine may have started anew, and the next orders lease nothing.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable

from loguru import logger

from orchestrator.errors import AgentOutdated, Error
from orchestrator.pools.directory import AgentDirectory
from orchestrator.risk.board import Board, PoolStanding
from pool.contract.risk import LEASE_SECONDS, Mode, RiskOrder

EVERY_SECONDS = 3.0
_MOST_AT_ONCE = 200
"""Orders in one request: an agent takes a megabyte, and reasons may be long."""
_POST_SECONDS = 2.5
_RETRY_SECONDS = 0.5
_OUTDATED_SECONDS = 15.0


class Mandates:
    """Run `run` as a task."""

    def __init__(self, board: Board, agents: AgentDirectory, leading: Callable[[], bool]) -> None:
        self._board = board
        self._agents = agents
        self._leading = leading
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Until cancelled: one task per pool that has bots."""
        try:
            while True:
                self._keep_tasks()
                await asyncio.sleep(0.2)
        finally:
            for task in self._tasks.values():
                task.cancel()
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)
            self._tasks.clear()

    def orders(self, pool_id: str) -> list[RiskOrder]:
        """What the pool is told now, halts first."""
        world = self._board.world
        found = []
        for bot in world.bots.values():
            order = world.orders.get(bot.bot_id)
            if bot.pool_id != pool_id or order is None or bot.epoch < 1:
                continue
            found.append(
                RiskOrder(
                    bot_id=bot.bot_id,
                    epoch=bot.epoch,
                    number=order.number,
                    mode=order.mode,
                    flatten=order.flatten,
                    reduce_fraction=order.reduce_fraction,
                    reduces=bool(order.reduced),
                    lease_seconds=LEASE_SECONDS if order.mode is Mode.ACTIVE else 0.0,
                    why=order.why,
                    released_number=order.released_number,
                )
            )
        return sorted(found, key=lambda order: order.mode is not Mode.HALTED)

    async def post(self, pool_id: str) -> None:
        """Once; with a clock that is known, or twice to come to know it. Raises Error."""
        standing = self._board.pools.setdefault(pool_id, PoolStanding())
        for _ in range(1 if standing.clock is not None else 2):
            agent = await self._agents.agent_for(pool_id)
            looked = self._board.world.clocks.get(pool_id) if standing.clock is not None else None
            clock, orders = standing.clock, self.orders(pool_id)
            for start in range(0, max(1, len(orders)), _MOST_AT_ONCE):
                part = orders[start : start + _MOST_AT_ONCE]
                answer = await agent.post_risk(clock, part, seconds=_POST_SECONDS, looked=looked)
            standing.clock = answer.clock
            standing.bots = {one.bot_id: one for one in answer.bots}
            standing.answered_at = time.monotonic()
            standing.problem, standing.outdated = None, False

    def _keep_tasks(self) -> None:
        wanted = {bot.pool_id for bot in self._board.world.bots.values() if bot.pool_id is not None}
        for gone in self._tasks.keys() - wanted:
            self._tasks.pop(gone).cancel()
            self._board.pools.pop(gone, None)
        for pool_id in wanted:
            task = self._tasks.get(pool_id)
            if task is None or task.done():
                self._tasks[pool_id] = asyncio.create_task(self._tell(pool_id), name=f"mandates-{pool_id}")

    async def _tell(self, pool_id: str) -> None:
        wake = self._board.wake(pool_id)
        while True:
            pause = EVERY_SECONDS
            wake.clear()
            if self._board.sure() and self._leading():
                try:
                    await self.post(pool_id)
                except Error as error:
                    pause = self._failed(pool_id, error)
                except Exception:  # a task's boundary: whatever one pool answers, the others go on
                    logger.exception("pool {} cannot be told its modes", pool_id)
                    self._board.pools[pool_id] = PoolStanding(problem="It cannot be told its modes; the log says why.")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await wake.wait()

    def _failed(self, pool_id: str, error: Error) -> float:
        """How long to wait for the next attempt."""
        before = self._board.pools.get(pool_id)
        outdated = isinstance(error, AgentOutdated)
        if before is None or before.problem != error.message:
            begins = before is None or (before.problem is None and before.answered_at is None)
            level = "INFO" if begins else "WARNING"  # a pool that is being started does not answer yet
            logger.log(level, "pool {} is not told its modes: {}", pool_id, error.message)
        bots = before.bots if before is not None else {}
        silent = {bot_id: one.model_copy(update={"lease_left_seconds": 0.0}) for bot_id, one in bots.items()}
        self._board.pools[pool_id] = PoolStanding(bots=silent, problem=error.message, outdated=outdated)
        return _OUTDATED_SECONDS if outdated else _RETRY_SECONDS
