"""What both buses keep in memory of a topic: a ring of numbered messages, and positions in it.

A subscriber is only a position: nothing is copied or queued for it. One that falls out of the ring is told so
(`SubscriberTooSlow`); where messages were lost before they came into the ring, each subscriber that stood before the
gap gets one `Reset` and goes on behind it.
"""

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, Self

from orchestrator.events.bus import NEWEST_COUNTS, Message, Reset, SubscriberTooSlow


@dataclass(frozen=True, slots=True)
class Limits:
    """A topic keeps its newest `messages` messages, and fewer where they make more than `size` bytes of JSON."""

    messages: int
    size: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A message with its place; `size` in bytes of JSON. Numbers of a ring grow, not always by one."""

    number: int
    size: int
    message: Message


class Ring:
    """The newest messages of a topic, of `NEWEST_COUNTS` the newest alone. `ready` tells whether `last` is known yet;
    before that nobody reads it."""

    def __init__(self, limits: Limits, *, forgotten: int, last: int, idle_since: float, ready: bool = True) -> None:
        self.forgotten = forgotten
        """Everything up to this number may be missing from the ring."""
        self.last = last
        """Number of the newest message, or of the bus when the topic came to be; -1 while that was never known."""
        self.gap = -1
        """Messages up to this number may have been lost; -1 where none were."""
        self.ready = ready
        self.idle_since = idle_since
        self.subscribers = 0
        self.entries: deque[Entry] = deque()
        self.waiters: set[asyncio.Future[None]] = set()
        self._limits = limits
        self._size = 0

    def append(self, entry: Entry) -> None:
        """The next message; wakes all who wait."""
        if entry.message.kind in NEWEST_COUNTS:
            self._drop(entry.message.kind)
        self.entries.append(entry)
        self.last = entry.number
        self._size += entry.size
        self._trim()
        self.wake()

    def start(self, last: int) -> None:
        """Where the topic stands is known now. Whoever had a position already may have missed something."""
        self.ready = True
        if self.last < 0:
            self._clear(last)
        else:
            self.skip_to(last)

    def skip_to(self, number: int) -> None:
        """What came up to this number is lost: all go on behind it, told by a `Reset`."""
        self._clear(number)
        self.gap = number
        self.wake()

    def backfill(self, entries: Iterable[Entry], after: int) -> bool:
        """Puts in front what the ring lacks of everything after `after`; False where it does not hold that much."""
        older = [entry for entry in entries if after < entry.number <= self.forgotten]
        self.entries.extendleft(reversed(older))
        self._size += sum(entry.size for entry in older)
        self.forgotten = min(self.forgotten, after)
        self._trim()
        return self.remembers(after)

    def remembers(self, number: int) -> bool:
        """Whether everything after this number is there."""
        return number >= self.forgotten and number >= self.gap

    def index_after(self, number: int) -> int:
        """Where in the ring the first message after `number` stands, which must not be forgotten."""
        low, high = 0, len(self.entries)
        while low < high:
            middle = (low + high) // 2
            if self.entries[middle].number <= number:
                low = middle + 1
            else:
                high = middle
        return low

    def wake(self) -> None:
        """Lets all who wait look again."""
        for waiter in self.waiters:
            if not waiter.done():
                waiter.set_result(None)

    def _drop(self, kind: str) -> None:
        kept = deque(entry for entry in self.entries if entry.message.kind != kind)
        if len(kept) < len(self.entries):
            self.entries, self._size = kept, sum(entry.size for entry in kept)

    def _clear(self, number: int) -> None:
        self.entries.clear()
        self._size = 0
        self.forgotten = self.last = number

    def _trim(self) -> None:
        while len(self.entries) > 1 and (len(self.entries) > self._limits.messages or self._size > self._limits.size):
            oldest = self.entries.popleft()
            self._size -= oldest.size
            self.forgotten = max(self.forgotten, oldest.number)


class RingOwner(Protocol):
    """The bus, as its subscriptions see it."""

    closed: bool

    def cursor_of(self, number: int) -> str:
        """The cursor that stands for a number."""

    def release(self, ring: Ring) -> None:
        """A subscription of this topic is gone."""


class RingSubscription:
    """A position in a ring. `__anext__` holds no message while it waits, so cancelling it loses none."""

    def __init__(self, owner: RingOwner, ring: Ring) -> None:
        self.closed = False
        self._owner = owner
        self._ring = ring
        self._position: int | None = None
        self._reset = False
        self._waiter: asyncio.Future[None] | None = None
        ring.subscribers += 1

    def place(self, position: int, *, reset: bool = False) -> None:
        """From where it reads, and whether it is told of a `Reset` first. Until then it waits."""
        self._position, self._reset = position, reset
        self._stir()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Message | Reset:
        while True:
            if self.closed or self._owner.closed:
                await self.aclose()
                raise StopAsyncIteration
            if self._position is not None:
                if self._reset or self._position < self._ring.gap:
                    self._reset = False
                    self._position = max(self._position, self._ring.gap)
                    return Reset(self._owner.cursor_of(self._position))
                if self._position < self._ring.forgotten:
                    await self.aclose()
                    raise SubscriberTooSlow
                if self._ring.entries and self._position < self._ring.entries[-1].number:
                    return self._take(self._position)
            await self._wait()

    async def aclose(self) -> None:
        """See `Subscription.aclose`."""
        if not self.closed:
            self.closed = True
            self._owner.release(self._ring)
            self._stir()

    async def _wait(self) -> None:
        """Until something was published, or this subscription or the bus was closed."""
        self._waiter = asyncio.get_running_loop().create_future()
        self._ring.waiters.add(self._waiter)
        try:
            await self._waiter
        finally:
            self._ring.waiters.discard(self._waiter)

    def _take(self, position: int) -> Message:
        entry = self._ring.entries[self._ring.index_after(position)]
        self._position = entry.number
        return entry.message

    def _stir(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
