"""What waits to be sent to Redis, in order, and bounded: messages, and questions where a topic stands.

While Redis is away messages gather here. When they become too many or too old they are dropped, and their topics are
remembered: the first thing that such a topic gets afterwards is an entry that tells of the gap.
"""

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from orchestrator.events.ring import Limits, Ring, RingSubscription

_BATCH_MESSAGES = 100
_BATCH_BYTES = 1_000_000
_LOOKS_AT_ONCE = 50


@dataclass(slots=True, eq=False)
class Outgoing:
    """A message on its way. `done` gets its cursor, or None where it was given up. An empty kind marks a gap."""

    topic: str
    kind: str
    body: dict[str, Any]
    encoded: bytes
    queued_at: float
    done: "asyncio.Future[str | None] | None" = None

    def settle(self, cursor: str | None) -> None:
        if self.done is not None and not self.done.done():
            self.done.set_result(cursor)


@dataclass(slots=True, eq=False)
class Look:
    """A question where a topic stands: for a ring, a subscription that waits for its place, or who waits for `done`."""

    topic: str
    ring: Ring | None = None
    subscription: RingSubscription | None = None
    after: str | None = None
    done: "asyncio.Future[str] | None" = None

    @property
    def wanted(self) -> bool:
        """Whether anybody still waits for the answer."""
        if self.subscription is not None:
            return not self.subscription.closed
        return self.done is None or not self.done.done()


@dataclass(slots=True)
class Outbox:
    """Times are monotonic seconds. `filled` is set while something waits."""

    limits: Limits
    most_seconds: float
    dropped: int = 0
    """Messages given up so far."""
    filled: asyncio.Event = field(default_factory=asyncio.Event)
    _items: "deque[Outgoing | Look]" = field(default_factory=deque)
    _messages: int = 0
    _size: int = 0
    _gaps: dict[str, None] = field(default_factory=dict)

    def put(self, item: Outgoing | Look) -> None:
        """Appends; where that is too much, all messages that wait are given up."""
        self._items.append(item)
        if isinstance(item, Outgoing):
            self._messages += 1
            self._size += len(item.encoded)
            if self._messages > self.limits.messages or self._size > self.limits.size:
                self._empty()
        self.filled.set()

    def take_messages(self, now: float) -> list[Outgoing]:
        """The next messages that may go together, if it is their turn; marks of gaps first."""
        self._drop_stale(now)
        taken = [Outgoing(topic, "", {}, b"", now) for topic in list(self._gaps)[:_BATCH_MESSAGES]]
        for mark in taken:
            del self._gaps[mark.topic]
        size = 0
        while self._items and len(taken) < _BATCH_MESSAGES and size < _BATCH_BYTES:
            head = self._items[0]
            if not isinstance(head, Outgoing) or self._gaps:
                break
            self._items.popleft()
            self._forget(head)
            size += len(head.encoded)
            taken.append(head)
        return taken

    def take_looks(self) -> list[Look]:
        """The next questions, if it is their turn; those that nobody asks any more are left out."""
        taken: list[Look] = []
        while self._items and len(taken) < _LOOKS_AT_ONCE:
            head = self._items[0]
            if not isinstance(head, Look):
                break
            self._items.popleft()
            if head.wanted:
                taken.append(head)
        return taken

    def put_back(self, looks: Iterable[Look]) -> None:
        """Questions that found no answer come first again."""
        self._items.extendleft(reversed([look for look in looks if look.wanted]))

    def give_up(self, messages: Iterable[Outgoing]) -> None:
        """These will not be sent: their topics have a gap."""
        for message in messages:
            self.dropped += 1 if message.kind else 0
            self._gaps[message.topic] = None
            message.settle(None)

    def settle(self) -> None:
        """Clears `filled` where nothing waits."""
        if not self._items and not self._gaps:
            self.filled.clear()

    def __len__(self) -> int:
        return self._messages

    def _drop_stale(self, now: float) -> None:
        while self._items and isinstance(head := self._items[0], Outgoing):
            if now - head.queued_at <= self.most_seconds:
                return
            self._items.popleft()
            self._forget(head)
            self.give_up([head])

    def _empty(self) -> None:
        messages = [item for item in self._items if isinstance(item, Outgoing)]
        self._items = deque(item for item in self._items if isinstance(item, Look))
        self._messages = self._size = 0
        self.give_up(messages)

    def _forget(self, message: Outgoing) -> None:
        self._messages -= 1
        self._size -= len(message.encoded)
