"""Where bots' requests come in and answers go out: `intake` calls it while it reads a pool's stream.

Judging waits for nothing; the answers of one pool that gathered meanwhile go out in one call. An answer that cannot be
delivered is lost: its bot gave up after two seconds, and what was booked for it is given up later (`risk.book`).

A bot speaks from the pool that it is assigned to, under the epoch of its assignment: what a slot says that it left, or
that was fenced, is not heard, and its requests are refused.
"""

import asyncio
from collections import deque
from collections.abc import Callable

from loguru import logger

from orchestrator.errors import Error
from orchestrator.pools.directory import AgentDirectory
from orchestrator.risk.engine import Engine
from pool.contract.events import ReserveItem, SettleItem, SnapshotItem
from pool.contract.risk import Grant

_POST_SECONDS = 2.0
_MOST_AT_ONCE = 200
_MOST_WAITING = 5000


class Desk:
    """One per term; `leading` says whether what it grants counts."""

    def __init__(self, engine: Engine, agents: AgentDirectory, leading: Callable[[], bool]) -> None:
        self._engine = engine
        self._agents = agents
        self._leading = leading
        self._waiting: dict[str, deque[Grant]] = {}
        self._senders: dict[str, asyncio.Task[None]] = {}

    async def reserve(self, pool_id: str, item: ReserveItem) -> None:
        """Judged and booked when this returns; the answer is on its way."""
        if not self._leading():
            return
        if self._engine.is_assigned(item.bot_id, pool_id, item.epoch):
            answer = self._engine.reserve(item.bot_id, item.request)
        else:
            message = "The bot is assigned to another place, or will be in a moment; it will be asked again."
            answer = Grant(
                bot_id=item.bot_id, request_id=item.request.request_id, granted=False, limit="lease", message=message
            )
        self._waiting.setdefault(pool_id, deque(maxlen=_MOST_WAITING)).append(answer)
        sender = self._senders.get(pool_id)
        if sender is None or sender.done():
            self._senders[pool_id] = asyncio.create_task(self._send(pool_id), name=f"grants-{pool_id}")

    async def settle(self, pool_id: str, item: SettleItem) -> None:
        if self._engine.is_assigned(item.bot_id, pool_id, item.epoch):
            self._engine.settle(item.bot_id, item.settlement)

    async def snapshot(self, pool_id: str, item: SnapshotItem) -> None:
        if self._engine.is_assigned(item.bot_id, pool_id, None):
            self._engine.snapshot(item.bot_id, item.snapshot, item.run_id)

    async def aclose(self) -> None:
        """What is not sent yet is not sent any more."""
        for task in self._senders.values():
            task.cancel()
        await asyncio.gather(*self._senders.values(), return_exceptions=True)
        self._senders.clear()

    async def _send(self, pool_id: str) -> None:
        """Until nothing waits."""
        waiting = self._waiting[pool_id]
        while waiting:
            grants = [waiting.popleft() for _ in range(min(len(waiting), _MOST_AT_ONCE))]
            try:
                agent = await self._agents.agent_for(pool_id)
                await agent.post_grants(grants, seconds=_POST_SECONDS)
            except Error as error:
                logger.warning("{} answers for bots of {} were lost: {}", len(grants), pool_id, error.message)
