"""The event ring and its readers.

Events are kept as encoded lines, the oldest go first, by number and by bytes. A reader holds only its position in the
ring and which bots' slot or snapshot changed since it last looked: nothing is buffered for a slow one, and a reader
that the ring has overtaken is told so. What bots ask before they open risk goes past the ring to those who listen now,
before everything else but the same bot's earlier snapshot; for a reader that does not read the last of it waits.
"""

import asyncio
import itertools
from collections import deque
from datetime import UTC, datetime

from pool.contract.events import (
    Event,
    EventItem,
    HeartbeatItem,
    ReserveItem,
    ResetItem,
    SettleItem,
    SlotItem,
    SnapshotItem,
)
from pool.contract.slots import Slot
from pool.contract.snapshots import BotSnapshot

_RING_LIMIT_BYTES = 16 * 1024 * 1024
_TAKE_LIMIT_BYTES = 256 * 1024
_WORDS_LIMIT_BYTES = 4 * 1024 * 1024
_GATHER_SECONDS = 0.1
"""Slots and snapshots that change without an event wait so long for others."""


class Overtaken(Exception):
    """The reader was so slow that events it had not read left the ring."""


class EventRing:
    """Bounded memory of events, and the latest slot and snapshot of each bot. Cursors are `<incarnation>-<n>`."""

    def __init__(self, incarnation: str, size: int, limit_bytes: int = _RING_LIMIT_BYTES) -> None:
        self.incarnation = incarnation
        self._lines: deque[bytes] = deque()
        self._size = size
        self._limit_bytes = limit_bytes
        self._bytes = 0
        self._last = 0
        self._slots: dict[str, bytes] = {}
        self._snapshots: dict[str, bytes] = {}
        self._readers: set[Reader] = set()

    @property
    def last(self) -> int:
        """Number of the newest event; 0 before the first."""
        return self._last

    @property
    def first(self) -> int:
        """Number of the oldest event in the ring, `last + 1` where it is empty."""
        return self._last - len(self._lines) + 1

    def cursor(self, number: int) -> str:
        return f"{self.incarnation}-{number}"

    def append(self, event: Event) -> None:
        self._last += 1
        line = EventItem(cursor=self.cursor(self._last), event=event).to_json() + b"\n"
        self._lines.append(line)
        self._bytes += len(line)
        while len(self._lines) > self._size or (self._bytes > self._limit_bytes and len(self._lines) > 1):
            self._bytes -= len(self._lines.popleft())
        for reader in self._readers:
            reader.wake()

    def set_slot(self, slot: Slot) -> None:
        """The latest state of a slot; sent without its snapshot."""
        bare = slot.model_copy(update={"snapshot": None})
        self._slots[slot.bot_id] = SlotItem(slot=bare).to_json() + b"\n"
        for reader in self._readers:
            reader.mark_slot(slot.bot_id)

    def set_snapshot(self, bot_id: str, run_id: str, snapshot: BotSnapshot) -> None:
        self._snapshots[bot_id] = SnapshotItem(bot_id=bot_id, run_id=run_id, snapshot=snapshot).to_json() + b"\n"
        for reader in self._readers:
            reader.mark_snapshot(bot_id)

    def say(self, item: ReserveItem | SettleItem) -> bool:
        """Past the ring, to whoever reads now; False where nobody does."""
        line = item.to_json() + b"\n"
        for reader in self._readers:
            reader.hear(item.bot_id, line)
        return bool(self._readers)

    def drop(self, bot_id: str) -> None:
        """A slot is gone."""
        self._slots.pop(bot_id, None)
        self._snapshots.pop(bot_id, None)

    def read(self, cursor: str | None) -> "Reader":
        """A new reader, to be closed. It starts after `cursor`, or with a reset where that cannot be honoured."""
        position = self._position(cursor)
        reset = None
        if position is None:
            position = self.first - 1
            if cursor is not None:
                reset = ResetItem(cursor=self.cursor(position)).to_json() + b"\n"
        reader = Reader(self, position, reset, set(self._slots), set(self._snapshots))
        self._readers.add(reader)
        return reader

    def heartbeat(self, number: int) -> bytes:
        return HeartbeatItem(cursor=self.cursor(number), at=datetime.now(UTC)).to_json() + b"\n"

    def events_after(self, number: int, limit_bytes: int = _TAKE_LIMIT_BYTES) -> list[bytes]:
        """Lines of the events after `number`, about `limit_bytes` at most. Raises Overtaken."""
        if number < self.first - 1:
            raise Overtaken
        lines: list[bytes] = []
        size = 0
        for line in itertools.islice(self._lines, number - self.first + 1, None):
            lines.append(line)
            size += len(line)
            if size >= limit_bytes:
                break
        return lines

    def slot_line(self, bot_id: str) -> bytes:
        return self._slots.get(bot_id, b"")

    def snapshot_line(self, bot_id: str) -> bytes:
        return self._snapshots.get(bot_id, b"")

    def release(self, reader: "Reader") -> None:
        self._readers.discard(reader)

    def _position(self, cursor: str | None) -> int | None:
        if cursor is None:
            return None
        incarnation, _, number = cursor.rpartition("-")
        if incarnation != self.incarnation or not number.isascii() or not number.isdigit() or len(number) > 18:
            return None
        position = int(number)
        return position if self.first - 1 <= position <= self._last else None


class Reader:
    """One consumer of the stream."""

    def __init__(
        self, ring: EventRing, position: int, reset: bytes | None, slots: set[str], snapshots: set[str]
    ) -> None:
        self._ring = ring
        self._position = position
        self._reset = reset
        self._slots = slots
        self._snapshots = snapshots
        self._words: deque[bytes] = deque()
        self._words_bytes = 0
        self._soon: asyncio.TimerHandle | None = None
        self._woken = asyncio.Event()
        self._woken.set()

    def wake(self) -> None:
        self._woken.set()

    def mark_slot(self, bot_id: str) -> None:
        self._slots.add(bot_id)
        self._wake_soon()

    def mark_snapshot(self, bot_id: str) -> None:
        self._snapshots.add(bot_id)
        self._wake_soon()

    def hear(self, bot_id: str, line: bytes) -> None:
        """A bot's words come behind what it told before them: a snapshot that waits goes along."""
        if bot_id in self._snapshots:
            self._snapshots.discard(bot_id)
            line = self._ring.snapshot_line(bot_id) + line
        self._words.append(line)
        self._words_bytes += len(line)
        while self._words_bytes > _WORDS_LIMIT_BYTES:
            self._words_bytes -= len(self._words.popleft())
        self._woken.set()

    def _wake_soon(self) -> None:
        """What others change until then goes along."""
        if self._soon is None and not self._woken.is_set():
            self._soon = asyncio.get_running_loop().call_later(_GATHER_SECONDS, self._woken.set)

    def greeting(self) -> bytes:
        """A heartbeat with the reader's cursor; nothing where a reset comes first."""
        return b"" if self._reset is not None else self._ring.heartbeat(self._position)

    async def take(self, patience_seconds: float) -> bytes:
        """The next lines: what bots ask, reset, then events, then changed slots and snapshots; a heartbeat after
        `patience_seconds`. Raises Overtaken."""
        try:
            await asyncio.wait_for(self._woken.wait(), patience_seconds)
        except TimeoutError:
            if self._soon is None:
                return self._ring.heartbeat(self._position)
        self._calm()
        lines: list[bytes] = list(self._words)
        self._words.clear()
        self._words_bytes = 0
        if self._reset is not None:
            lines.append(self._reset)
            self._reset = None
        events = self._ring.events_after(self._position)
        self._position += len(events)
        lines += events
        if self._position < self._ring.last:
            self._woken.set()
            return b"".join(lines)
        lines += [self._ring.slot_line(bot_id) for bot_id in self._slots]
        lines += [self._ring.snapshot_line(bot_id) for bot_id in self._snapshots]
        self._slots.clear()
        self._snapshots.clear()
        return b"".join(lines)

    def close(self) -> None:
        self._calm()
        self._ring.release(self)

    def _calm(self) -> None:
        self._woken.clear()
        if self._soon is not None:
            self._soon.cancel()
            self._soon = None
