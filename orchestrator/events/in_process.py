"""The bus within one process.

A topic is a ring of messages, bounded in number and in bytes. A subscriber is only a position in it: nothing is copied
or queued for it, and one that falls out of the ring is told so (`SubscriberTooSlow`). All topics share one counter, and
a cursor is `<incarnation>-<number>`: a topic that was dropped for idleness and came back needs no memory of its own to
know that an old cursor is not answered for any more.
"""

import asyncio
import json
import re
import secrets
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

from orchestrator.events.bus import Message, Reset, SubscriberTooSlow, Subscription

_CURSOR = re.compile(r"([0-9a-f]{1,32})-(0|[1-9][0-9]{0,17})")


@dataclass(slots=True)
class _Entry:
    number: int
    size: int
    message: Message


@dataclass(slots=True)
class _Topic:
    forgotten: int
    """Everything up to this number may be missing from the ring."""
    last: int
    """Number of the newest message, or of the bus when the topic came to be."""
    idle_since: float
    entries: deque[_Entry] = field(default_factory=deque)
    size: int = 0
    subscribers: int = 0
    waiters: set["asyncio.Future[None]"] = field(default_factory=set)

    def wake(self) -> None:
        """Lets all who wait look again."""
        for waiter in self.waiters:
            if not waiter.done():
                waiter.set_result(None)

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


class InProcessBus:
    """`orchestrator.events.bus.Bus` for one event loop.

    A topic keeps its newest `ring_messages` messages, and fewer where they make more than `ring_bytes` of JSON. A topic
    that nobody subscribed to for `idle_seconds` is dropped with its messages. `monotonic` answers seconds.
    """

    def __init__(
        self,
        *,
        ring_messages: int = 1000,
        ring_bytes: int = 4_000_000,
        idle_seconds: float = 600,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._incarnation = secrets.token_hex(6)
        self._ring_messages = ring_messages
        self._ring_bytes = ring_bytes
        self._idle_seconds = idle_seconds
        self._monotonic = monotonic
        self._topics: dict[str, _Topic] = {}
        self._number = 0
        self._dropped_through = 0
        self._next_sweep = monotonic() + idle_seconds
        self.closed = False

    async def publish(self, topic: str, kind: str, body: dict[str, Any]) -> str:
        """See `Bus.publish`."""
        size = len(json.dumps(body, allow_nan=False))
        self._number += 1
        cursor = self.cursor_of(self._number)
        if self.closed:
            return cursor
        self._sweep()
        ring = self._topic(topic)
        ring.entries.append(_Entry(self._number, size, Message(cursor, kind, body)))
        ring.last = self._number
        ring.size += size
        while len(ring.entries) > 1 and (len(ring.entries) > self._ring_messages or ring.size > self._ring_bytes):
            oldest = ring.entries.popleft()
            ring.size -= oldest.size
            ring.forgotten = oldest.number
        ring.wake()
        return cursor

    def subscribe(self, topic: str, after: str | None = None) -> Subscription:
        """See `Bus.subscribe`."""
        self._sweep()
        ring = self._topic(topic)
        position = ring.last if after is None else self._remembered(ring, after)
        subscription = InProcessSubscription(self, ring, ring.last if position is None else position)
        if position is None:
            subscription.pending_reset = Reset(self.cursor_of(ring.last))
        return subscription

    async def latest_cursor(self, topic: str) -> str:
        """See `Bus.latest_cursor`."""
        ring = self._topics.get(topic)
        return self.cursor_of(self._number if ring is None else ring.last)

    async def close(self) -> None:
        """See `Bus.close`."""
        self.closed = True
        for ring in self._topics.values():
            ring.wake()

    @property
    def topics(self) -> frozenset[str]:
        """Names of the topics held in memory."""
        return frozenset(self._topics)

    def cursor_of(self, number: int) -> str:
        return f"{self._incarnation}-{number}"

    def release(self, ring: _Topic) -> None:
        """A subscription of this topic is gone."""
        ring.subscribers -= 1
        ring.idle_since = self._monotonic()

    def _topic(self, name: str) -> _Topic:
        ring = self._topics.get(name)
        if ring is None:
            ring = _Topic(forgotten=self._dropped_through, last=self._number, idle_since=self._monotonic())
            self._topics[name] = ring
        return ring

    def _remembered(self, ring: _Topic, cursor: str) -> int | None:
        """The cursor's number, or None where messages after it may have been forgotten or it was never given out."""
        match = _CURSOR.fullmatch(cursor)
        if match is None or match[1] != self._incarnation:
            return None
        number = int(match[2])
        return number if ring.forgotten <= number <= self._number else None

    def _sweep(self) -> None:
        """Drops topics that nobody asked for in a long while. Runs at most a few times per idle period."""
        now = self._monotonic()
        if now < self._next_sweep:
            return
        self._next_sweep = now + self._idle_seconds / 4
        for name, ring in list(self._topics.items()):
            if ring.subscribers == 0 and now - ring.idle_since >= self._idle_seconds:
                del self._topics[name]
                self._dropped_through = max(self._dropped_through, ring.last)


class InProcessSubscription:
    """A position in a ring. `__anext__` holds no message while it waits, so cancelling it loses none."""

    def __init__(self, bus: InProcessBus, ring: _Topic, position: int) -> None:
        self.pending_reset: Reset | None = None
        self._bus = bus
        self._ring = ring
        self._position = position
        self._closed = False
        self._waiter: asyncio.Future[None] | None = None
        ring.subscribers += 1

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Message | Reset:
        while True:
            if self._closed or self._bus.closed:
                await self.aclose()
                raise StopAsyncIteration
            if self.pending_reset is not None:
                reset, self.pending_reset = self.pending_reset, None
                return reset
            if self._position < self._ring.forgotten:
                await self.aclose()
                raise SubscriberTooSlow
            if self._ring.entries and self._position < self._ring.entries[-1].number:
                return self._take()
            await self._wait()

    async def aclose(self) -> None:
        """See `Subscription.aclose`."""
        if not self._closed:
            self._closed = True
            self._bus.release(self._ring)
            if self._waiter is not None and not self._waiter.done():
                self._waiter.set_result(None)

    async def _wait(self) -> None:
        """Until something was published, or this subscription or the bus was closed."""
        self._waiter = asyncio.get_running_loop().create_future()
        self._ring.waiters.add(self._waiter)
        try:
            await self._waiter
        finally:
            self._ring.waiters.discard(self._waiter)

    def _take(self) -> Message:
        entry = self._ring.entries[self._ring.index_after(self._position)]
        self._position = entry.number
        return entry.message
