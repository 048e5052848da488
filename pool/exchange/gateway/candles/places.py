"""How much is asked of exchanges at a time for people, and for whom: one address never has all places."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar

AT_ONCE = 6
AT_ONCE_EACH = 4
"""Of one address; fewer than all."""
asker: ContextVar[str] = ContextVar("asker", default="")
"""The address whose request is worked on."""


class Places:
    """Who waits for a place of his own address's does not stand in the way of others."""

    def __init__(self) -> None:
        self._all = asyncio.Semaphore(AT_ONCE)
        self._each: dict[str, asyncio.Semaphore] = {}
        self._present: Counter[str] = Counter()

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """A place for the `asker` of now."""
        peer = asker.get()
        own = self._each.setdefault(peer, asyncio.Semaphore(AT_ONCE_EACH))
        self._present[peer] += 1
        try:
            async with own, self._all:
                yield
        finally:
            self._present[peer] -= 1
            if not self._present[peer]:
                del self._present[peer], self._each[peer]
