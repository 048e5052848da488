"""What waits for the agent: events until acknowledged (and a while longer), the newest snapshot, results, conditions,
prices to watch, and requests for permission, which go first and, when they are too old to be answered, not at all.

An agent that restarts has lost its ring, so acknowledged events are kept too, up to the size of the ring here: they
are sent again when a new incarnation greets. When the ring is full the oldest acknowledged event goes; if none is,
the oldest message, so that trade events outlast a flood of warnings.
"""

import threading
import time
from collections import deque
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from pool.bot.control import Wake
from pool.contract.events import EventType
from pool.contract.frames import (
    WATCHES_LIMIT,
    BotEvent,
    ConditionFrame,
    ReserveFrame,
    ResultFrame,
    SettleFrame,
    SnapshotFrame,
    TurnFrame,
    WatchFrame,
)
from pool.contract.risk import ReserveRequest, Settlement, Watch
from pool.contract.snapshots import BotSnapshot

RING_SIZE = 500
_FEW = 50
_SHORT = 200

MOST_WATCHES = WATCHES_LIMIT
"""More than these are not told: whoever sets them must not count on the others."""
_MOST_SETTLEMENTS = 1000

Kept = ConditionFrame | ResultFrame | SettleFrame
Outgoing = BotEvent | SnapshotFrame | Kept | ReserveFrame | WatchFrame | TurnFrame


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
        self._others: deque[Kept] = deque()
        self._requests: list[tuple[float, ReserveFrame]] = []
        """With the time, of the monotonic clock, from which on nobody waits for an answer."""
        self.watch_number = 0
        """Of the watches that were set last."""
        self._watches: WatchFrame | None = None
        self._watches_sent = True
        self._turns: list[TurnFrame] = []

    def add_event(self, event_type: EventType, data: dict[str, Any], at: datetime) -> None:
        with self._lock:
            self._last_seq += 1
            self._events.append(_event(self._last_seq, event_type, data, at))
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

    def reserve(self, request: ReserveRequest, until: float) -> None:
        """Asked now, or before `until` (monotonic), or not at all."""
        with self._lock:
            self._requests.append((until, ReserveFrame(request=request)))
        self.wake.set()

    def settle(self, settlement: Settlement) -> None:
        """Beyond a thousand that wait for an agent none is kept: those reservations end by themselves."""
        with self._lock:
            if len(self._others) < _MOST_SETTLEMENTS:
                self._others.append(SettleFrame(settlement=settlement))
        self.wake.set()

    def set_watches(self, watches: Sequence[Watch]) -> None:
        """All prices that the bot waits for, the most urgent first; sent when they are others than before."""
        wanted = list(watches[:MOST_WATCHES])
        with self._lock:
            if wanted == (self._watches.watches if self._watches is not None else []):
                return
            self.watch_number += 1
            self._watches = WatchFrame(number=self.watch_number, watches=wanted)
            self._watches_sent = False
        self.wake.set()

    def turn(self, frame: TurnFrame) -> None:
        """For the connection that there is; another one knows nothing of turns of before."""
        with self._lock:
            self._turns.append(frame)
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
            self._turns.clear()
            self._snapshot_sent = self._snapshot is None
            self._watches_sent = self._watches is None

    def take(self) -> list[Outgoing]:
        """What to send now on this connection. A frame whose sending fails comes again: see `give_back`, `greet`."""
        with self._lock:
            now = time.monotonic()
            frames: list[Outgoing] = [frame for until, frame in self._requests if now < until]
            self._requests.clear()
            frames.extend(self._turns)
            self._turns.clear()
            frames.extend(event for event in self._events if event.seq > self._sent)
            self._sent = self._last_seq
            if self._snapshot is not None and not self._snapshot_sent:
                frames.append(self._snapshot)
                self._snapshot_sent = True
            if self._watches is not None and not self._watches_sent:
                frames.append(self._watches)
                self._watches_sent = True
            frames.extend(self._others)
            self._others.clear()
            return frames

    def give_back(self, frames: list[Outgoing]) -> None:
        """These were taken but not sent. Events, snapshot and watches are held anyway; whoever asked for permission was
        told by then that there is no answer."""
        with self._lock:
            self._others.extendleft(reversed([frame for frame in frames if isinstance(frame, Kept)]))

    def settled(self) -> bool:
        """Nothing is left to send and every event is acknowledged."""
        with self._lock:
            return self._acknowledged >= self._last_seq and self._snapshot_sent and not self._others

    def _drop_one(self) -> None:
        oldest = self._events[0]
        if oldest.seq > self._acknowledged:
            oldest = next((event for event in self._events if event.type is EventType.MESSAGE), oldest)
        self._events.remove(oldest)


def _event(seq: int, event_type: EventType, data: dict[str, Any], at: datetime) -> BotEvent:
    """With what is plain and short of its data, where all of it is more than an agent takes."""
    try:
        return BotEvent(seq=seq, at=at, type=event_type, data=data)
    except ValidationError:
        short = {key: value[:_SHORT] if isinstance(value, str) else value for key, value in data.items()}
        plain = {key: value for key, value in short.items() if value is None or isinstance(value, str | int)}
        return BotEvent(seq=seq, at=at, type=event_type, data=dict(list(plain.items())[:_FEW]))
