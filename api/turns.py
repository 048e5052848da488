"""Work that holds the interpreter for a moment, such as reading a strategy: one piece at a time, so that all else goes
on beside it, and users in turn, so that nobody waits for all that somebody else has sent."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import TypeVar

from orchestrator.errors import TooManyRequests

_MOST, _MOST_OF_ONE = 64, 4
"""How many may wait, and how many of one user."""
_RETRY_SECONDS = 2
T = TypeVar("T")


class Turns:
    """Kept in memory, one per process."""

    def __init__(self, most: int = _MOST, most_of_one: int = _MOST_OF_ONE) -> None:
        self._most, self._most_of_one = most, most_of_one
        self._busy = False
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()
        """By user, whose turn it is first."""

    async def run(self, user_id: str, work: Callable[[], T]) -> T:
        """What `work` answers, done in a thread. Whoever stops waiting for it does not end it: the next one begins once
        it is over. Raises TooManyRequests, and what `work` raises."""
        await self._turn(user_id)
        done = asyncio.get_running_loop().run_in_executor(None, work)
        done.add_done_callback(self._over)
        return await asyncio.shield(done)

    async def _turn(self, user_id: str) -> None:
        if not self._busy:
            self._busy = True
            return
        own = self._waiting.get(user_id, deque())
        if len(own) >= self._most_of_one or sum(map(len, self._waiting.values())) >= self._most:
            raise TooManyRequests(
                f"Too many sources at once; try again in {_RETRY_SECONDS} s.", retry_after_seconds=_RETRY_SECONDS
            )
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        own.append(mine)
        self._waiting[user_id] = own
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():
                self._next()  # it was his turn already
            raise

    def _over(self, done: asyncio.Future[T]) -> None:
        if not done.cancelled():
            done.exception()  # told to whoever waits still
        self._next()

    def _next(self) -> None:
        while self._waiting:
            user_id, own = self._waiting.popitem(last=False)
            first = own.popleft()
            if own:
                self._waiting[user_id] = own  # behind all others
            if not first.done():
                first.set_result(None)
                return
        self._busy = False
