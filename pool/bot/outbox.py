"""What waits for the agent: events until acknowledged (and a while longer), the newest snapshot, results, conditions.

An agent that restarts has lost its ring, so acknowledged events are kept too, up to the size of the ring here: they
are sent again when a new incarnation greets. When the ring is full the oldest acknowledged event goes; if none is,
the oldest message, so that trade events outlast a flood of warnings.
"""

import threading
from collections import deque
from datetime import datetime
from typing import Any

from pool.bot.control import Wake
from pool.contract.events import EventType
from pool.contract.frames import BotEvent, ConditionFrame, ResultFrame, SnapshotFrame
from pool.contract.snapshots import BotSnapshot

RING_SIZE = 500

Outgoing = BotEvent | SnapshotFrame | ConditionFrame | ResultFrame


class Outbox:
    """Filled by any thread, emptied by the reporting thread. Never blocks on the agent."""

    def __init__(self, ring_size: int = RING_SIZE) -> None:
        self.wake = Wake()
        self._lock = threading.Lock()
        self._ring_size = ring_size
        self._events: list[BotEvent] = []
        self._last_seq = 0
        self._acknowledged = 0
        self._sent = 0
        self._snapshot: SnapshotFrame | None = None
        self._snapshot_sent = True
        self._others: deque[ConditionFrame | ResultFrame] = deque()

    def add_event(self, event_type: EventType, data: dict[str, Any], at: datetime) -> None:
        with self._lock:
            self._last_seq += 1
            self._events.append(BotEvent(seq=self._last_seq, at=at, type=event_type, data=data))
            if len(self._events) > self._ring_size:
                self._drop_one()
        self.wake.set()

    def set_snapshot(self, snapshot: BotSnapshot) -> None:
        with self._lock:
            self._snapshot = SnapshotFrame(snapshot=snapshot)
            self._snapshot_sent = False
        self.wake.set()

    def add(self, frame: ConditionFrame | ResultFrame) -> None:
        with self._lock:
            self._others.append(frame)
        self.wake.set()

    def acknowledge(self, seq: int) -> None:
        with self._lock:
            self._acknowledged = max(self._acknowledged, min(seq, self._last_seq))

    def greet(self, *, same_incarnation: bool) -> None:
        """A connection begins: what was not acknowledged goes again, and all that is held to an agent of a new
        incarnation.
        """
        with self._lock:
            if not same_incarnation:
                self._acknowledged = 0
            self._sent = self._acknowledged
            self._snapshot_sent = self._snapshot is None

    def take(self) -> list[Outgoing]:
        """What to send now on this connection. A frame whose sending fails comes again: see `give_back`, `greet`."""
        with self._lock:
            frames: list[Outgoing] = [event for event in self._events if event.seq > self._sent]
            self._sent = self._last_seq
            if self._snapshot is not None and not self._snapshot_sent:
                frames.append(self._snapshot)
                self._snapshot_sent = True
            frames.extend(self._others)
            self._others.clear()
            return frames

    def give_back(self, frames: list[Outgoing]) -> None:
        """These were taken but not sent. Events and the snapshot are held anyway."""
        with self._lock:
            self._others.extendleft(
                reversed([frame for frame in frames if isinstance(frame, ConditionFrame | ResultFrame)])
            )

    def settled(self) -> bool:
        """Nothing is left to send and every event is acknowledged."""
        with self._lock:
            return self._acknowledged >= self._last_seq and self._snapshot_sent and not self._others

    def _drop_one(self) -> None:
        oldest = self._events[0]
        if oldest.seq > self._acknowledged:
            oldest = next((event for event in self._events if event.type is EventType.MESSAGE), oldest)
        self._events.remove(oldest)
