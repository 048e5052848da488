"""What one process knows of the topics in Redis: their rings, and of which data it knows it. No I/O.

`learn` and `looked` take the writer's answers, which come in the order in which Redis gave them; `arrived` takes what
the reader found, which may be older.
"""

import json
import time
from collections.abc import Iterable, Mapping

from orchestrator.events.bus import Message
from orchestrator.events.cursors import cursor_of, parse_cursor
from orchestrator.events.link import Arrived
from orchestrator.events.outbox import Look, Outgoing
from orchestrator.events.ring import Entry, Limits, Ring, RingSubscription
from orchestrator.events.scripts import Looked, Published, StreamEntry

UNKNOWN_CURSOR = cursor_of("0", 0)
"""Stands for no message: it resets."""


class Topics:
    """A topic that nobody subscribed to for `idle_seconds` is dropped. `seen` is the greatest number Redis told of."""

    def __init__(self, limits: Limits, idle_seconds: float) -> None:
        self.incarnation: str | None = None
        self.seen = 0
        self.rings: dict[str, Ring] = {}
        self._due: dict[str, int] = {}
        """What a topic's newest message was when the reader last asked, where it had not come yet."""
        self._limits = limits
        self._idle_seconds = idle_seconds

    def cursor_of(self, number: int) -> str:
        """See `RingOwner.cursor_of`."""
        return cursor_of(self.incarnation, number) if self.incarnation else UNKNOWN_CURSOR

    def ring(self, topic: str) -> Ring:
        """The topic's ring, made when first asked for."""
        ring = self.rings.get(topic)
        if ring is None:
            ring = Ring(self._limits, forgotten=-1, last=-1, idle_since=time.monotonic(), ready=False)
            self.rings[topic] = ring
        return ring

    def ready(self) -> dict[str, Ring]:
        """The rings of which it is known where they stand."""
        return {topic: ring for topic, ring in self.rings.items() if ring.ready}

    def drop_idle(self) -> None:
        """Forgets what nobody asked for in a long while."""
        now = time.monotonic()
        for topic, ring in list(self.rings.items()):
            if ring.subscribers == 0 and now - ring.idle_since >= self._idle_seconds:
                del self.rings[topic]

    def place(self, subscription: RingSubscription, ring: Ring, after: str | None) -> bool:
        """Gives the subscription its place; False where that cannot be told without asking Redis."""
        if not ring.ready:
            return False
        if after is None:
            subscription.place(ring.last)
            return True
        incarnation, number = parse_cursor(after)
        if incarnation != self.incarnation:
            subscription.place(ring.last, reset=True)
            return True
        if number <= self.seen and ring.remembers(number):
            subscription.place(number)
            return True
        return False

    def history_of(self, looks: Iterable[Look]) -> int | None:
        """After which number these questions need the messages themselves; None where they need none."""
        cursors = [parse_cursor(look.after) for look in looks if look.after is not None]
        return min((number for incarnation, number in cursors if incarnation == self.incarnation), default=None)

    def learn(self, incarnation: str, number: int) -> list[Look]:
        """Notes how far Redis is; answers what to ask where the data are not those known before."""
        self.seen = max(self.seen, number)
        if incarnation == self.incarnation:
            return []
        self.incarnation = incarnation
        stale = self.ready()
        for ring in stale.values():
            ring.ready = False
        return [Look(topic, ring) for topic, ring in stale.items()]

    def published(self, batch: Iterable[Outgoing], published: Published) -> None:
        """What this process published itself; the reader brings what does not follow right on what is known."""
        previous = dict(enumerate(published.previous))
        for offset, message in enumerate(batch):
            number = published.first + offset
            cursor = self.cursor_of(number)
            ring = self.rings.get(message.topic)
            if ring and ring.ready and message.kind and previous.get(offset, number) <= ring.last < number:
                ring.append(Entry(number, len(message.encoded), Message(cursor, message.kind, message.body)))
            message.settle(cursor)

    def looked(self, look: Look, looked: Looked) -> None:
        """The answer to a question."""
        if look.done is not None and not look.done.done():
            look.done.set_result(self.cursor_of(looked.newest))
        ring, subscription = look.ring, look.subscription
        if ring is None:
            return
        if not ring.ready:
            ring.start(looked.newest)
        if subscription is None or self.place(subscription, ring, look.after):
            return
        _, after = parse_cursor(look.after or "")
        known = looked.remembers(after)
        if known and not ring.remembers(after):
            lacking = [self._entry(one) for one in looked.entries if one.number <= ring.forgotten]
            readable = [entry for entry in lacking if entry is not None]
            known = len(readable) == len(lacking) and ring.backfill(readable, after)
        subscription.place(after if known else ring.last, reset=not known)

    def arrived(self, rings: Mapping[str, Ring], arrived: Arrived) -> None:
        """What was found behind these rings' newest messages, in the data known."""
        self.seen = max(self.seen, arrived.counter)
        for topic, entries in arrived.entries.items():
            ring = rings[topic]
            if ring.ready and self.rings.get(topic) is ring:
                for entry in entries:
                    self._accept(ring, entry)
        self._miss(rings, arrived)

    def _miss(self, rings: Mapping[str, Ring], arrived: Arrived) -> None:
        """What was due before this reading and is not in it is gone: Redis evicted the topic before it was read."""
        for topic, number in self._due.items():
            ring = rings.get(topic)
            if ring is not None and ring.ready and topic not in arrived.entries and ring.last < number:
                ring.skip_to(number)
        self._due = {topic: number for topic, number in arrived.newest.items() if number > rings[topic].last}

    def _accept(self, ring: Ring, entry: StreamEntry) -> None:
        if entry.number <= ring.last:
            return  # it came with the confirmation already
        read = self._entry(entry)
        if read is None:
            ring.skip_to(entry.number)
            return
        if entry.previous > ring.last:
            ring.skip_to(entry.previous)
        ring.append(read)

    def _entry(self, entry: StreamEntry) -> Entry | None:
        """None where it holds no message, or none that can be read."""
        if not entry.kind:
            return None
        try:
            body = json.loads(entry.body)
        except ValueError:
            return None
        return Entry(entry.number, len(entry.body), Message(self.cursor_of(entry.number), entry.kind, body))
