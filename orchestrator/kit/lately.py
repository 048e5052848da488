"""What was looked up a moment ago, for what is asked for again and again.

A look serves for half a second from when it began. Whoever asks in the second half of that gets what is known, and has
it looked up anew behind his back: who asks steadily never waits for a look. What is forgotten counts at once: a look
that was under way then is not remembered either.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from loguru import logger

FRESH_SECONDS = 0.5
_RENEWED_SECONDS = 0.25
_MOST_ENTRIES = 10_000
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(slots=True)
class _Found(Generic[V]):
    value: V
    looked_at: float
    renewing: bool = False


class Lately(Generic[K, V]):
    """`clock` is monotonic, in seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._found: OrderedDict[K, _Found[V]] = OrderedDict()
        self._forgotten = 0
        self._renewals: set[asyncio.Task[None]] = set()

    async def get(self, key: K, look: Callable[[], Awaitable[V]]) -> V:
        """What `look` found, at most half a second ago. Raises what `look` raises, which is not remembered."""
        found = self._found.get(key)
        age = self._clock() - found.looked_at if found is not None else float("inf")
        if found is None or age > FRESH_SECONDS:
            return await self._look(key, look)
        if age > _RENEWED_SECONDS and not found.renewing:
            found.renewing = True
            task = asyncio.create_task(self._renew(key, look), name="look-again")
            self._renewals.add(task)
            task.add_done_callback(self._renewals.discard)
        return found.value

    def forget(self, key: K) -> None:
        """The next one to ask has it looked up."""
        self._forgotten += 1
        self._found.pop(key, None)

    def forget_where(self, matches: Callable[[V], bool]) -> None:
        """The same for all that `matches` says."""
        self._forgotten += 1
        for key in [key for key, found in self._found.items() if matches(found.value)]:
            del self._found[key]

    def forget_all(self) -> None:
        """The same for everything."""
        self._forgotten += 1
        self._found.clear()

    async def _look(self, key: K, look: Callable[[], Awaitable[V]]) -> V:
        looked_at, began = self._clock(), self._forgotten
        try:
            value = await look()
        except BaseException:
            self._found.pop(key, None)
            raise
        if began == self._forgotten:
            self._found[key] = _Found(value, looked_at)
            self._found.move_to_end(key)
            while len(self._found) > _MOST_ENTRIES:
                self._found.popitem(last=False)
        return value

    async def _renew(self, key: K, look: Callable[[], Awaitable[V]]) -> None:
        try:
            await self._look(key, look)
        except Exception as error:  # boundary of the task: whoever asks next is told by his own look
            logger.debug("a look behind the back of a request failed: {}", type(error).__name__)
