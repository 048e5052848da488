"""The bus within one process.

A topic is a ring of messages, bounded in number and in bytes (`orchestrator.events.ring`). All topics share one
counter, and a cursor is `<incarnation>-<number>`: a topic that was dropped for idleness and came back needs no memory
of its own to know that an old cursor is not answered for any more.
"""

import json
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any

from orchestrator.events.bus import Message, Subscription
from orchestrator.events.cursors import cursor_of, parse_cursor
from orchestrator.events.ring import Entry, Limits, Ring, RingSubscription


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
        self._limits = Limits(ring_messages, ring_bytes)
        self._idle_seconds = idle_seconds
        self._monotonic = monotonic
        self._topics: dict[str, Ring] = {}
        self._number = 0
        self._dropped_through = 0
        self._next_sweep = monotonic() + idle_seconds
        self.closed = False

    async def publish(self, topic: str, kind: str, body: dict[str, Any]) -> str:
        """See `Bus.publish`."""
        size = len(json.dumps(body, allow_nan=False))
        self._number += 1
        cursor = self.cursor_of(self._number)
        if not self.closed:
            self._sweep()
            self._topic(topic).append(Entry(self._number, size, Message(cursor, kind, body)))
        return cursor

    def subscribe(self, topic: str, after: str | None = None) -> Subscription:
        """See `Bus.subscribe`."""
        self._sweep()
        ring = self._topic(topic)
        position = ring.last if after is None else self._remembered(ring, after)
        subscription = RingSubscription(self, ring)
        subscription.place(ring.last if position is None else position, reset=position is None)
        return subscription

    async def latest_cursor(self, topic: str) -> str:
        """See `Bus.latest_cursor`."""
        ring = self._topics.get(topic)
        return self.cursor_of(self._number if ring is None else ring.last)

    def begin_anew(self) -> None:
        """See `Bus.begin_anew`."""
        self._incarnation = secrets.token_hex(6)
        self._number += 1
        for ring in self._topics.values():
            ring.skip_to(self._number)

    async def close(self) -> None:
        """See `Bus.close`."""
        self.closed = True
        for ring in self._topics.values():
            ring.wake()

    def health(self) -> str | None:
        """See `Bus.health`."""
        return None

    def gauges(self) -> Mapping[str, float]:
        """See `Bus.gauges`."""
        return {
            "bus_topics": len(self._topics),
            "bus_subscriptions": sum(ring.subscribers for ring in self._topics.values()),
        }

    @property
    def topics(self) -> frozenset[str]:
        """Names of the topics held in memory."""
        return frozenset(self._topics)

    def cursor_of(self, number: int) -> str:
        """See `RingOwner.cursor_of`."""
        return cursor_of(self._incarnation, number)

    def release(self, ring: Ring) -> None:
        """See `RingOwner.release`."""
        ring.subscribers -= 1
        ring.idle_since = self._monotonic()

    def _topic(self, name: str) -> Ring:
        ring = self._topics.get(name)
        if ring is None:
            ring = Ring(self._limits, forgotten=self._dropped_through, last=self._number, idle_since=self._monotonic())
            self._topics[name] = ring
        return ring

    def _remembered(self, ring: Ring, cursor: str) -> int | None:
        """The cursor's number, or None where messages after it may have been forgotten or it was never given out."""
        incarnation, number = parse_cursor(cursor)
        known = incarnation == self._incarnation and number <= self._number and ring.remembers(number)
        return number if known else None

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
