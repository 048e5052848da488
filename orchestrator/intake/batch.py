"""What came from a pool's stream and is not written yet: all events, of slots and snapshots only the latest."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

from pool.contract.events import (
    Event,
    EventItem,
    EventType,
    ReserveItem,
    SettleItem,
    SlotItem,
    SnapshotItem,
    StreamItem,
)
from pool.contract.slots import Slot
from pool.contract.snapshots import BotSnapshot

_LIMIT = 1000
_SLOW_TYPES = frozenset({EventType.MESSAGE})


@dataclass(slots=True)
class Taken:
    """One batch to write."""

    cursor: str | None
    events: list[Event] = field(default_factory=list)
    slots: dict[str, Slot] = field(default_factory=dict)
    snapshots: dict[str, BotSnapshot] = field(default_factory=dict)

    def pieces(self) -> list["Piece"]:
        """All facts, each by itself, in the order in which they are written."""
        about_slots = [Piece(bot_id, slot) for bot_id, slot in self.slots.items()]
        about_snapshots = [Piece(bot_id, snapshot) for bot_id, snapshot in self.snapshots.items()]
        return [*(Piece(event.bot_id, event) for event in self.events), *about_slots, *about_snapshots]

    @classmethod
    def of(cls, pieces: Iterable["Piece"]) -> Self:
        """Some of them, without the cursor."""
        taken = cls(None)
        for piece in pieces:
            match piece.fact:
                case Event():
                    taken.events.append(piece.fact)
                case Slot():
                    taken.slots[piece.bot_id] = piece.fact
                case BotSnapshot():
                    taken.snapshots[piece.bot_id] = piece.fact
        return taken


@dataclass(frozen=True, slots=True)
class Piece:
    """One fact of a bot."""

    bot_id: str
    fact: Event | Slot | BotSnapshot


class Batch:
    """Filled by the reader of the stream, emptied by the writer. Bounded: a reader that is ahead waits."""

    def __init__(self) -> None:
        self._taken = Taken(None)
        self._states: dict[str, tuple[object, ...]] = {}
        self._filled = asyncio.Event()
        self._urgent = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self.closed = False
        """The stream has ended; what is left is to be written."""

    def close(self) -> None:
        """Nothing more will come: whoever waits for something to write goes on."""
        self.closed = True
        self._filled.set()
        self._urgent.set()

    async def add(self, item: StreamItem) -> None:
        """Waits where too much is unwritten."""
        await self._room.wait()
        match item:
            case EventItem():
                self._taken.events.append(item.event)
                self._taken.cursor = item.cursor
                if item.event.type not in _SLOW_TYPES:
                    self._urgent.set()
            case SlotItem():
                self._taken.slots[item.slot.bot_id] = item.slot
                if self._changed(item.slot):
                    self._urgent.set()
            case SnapshotItem():
                self._taken.snapshots[item.bot_id] = item.snapshot
            case ReserveItem() | SettleItem():  # nothing to write: the risk engine hears them at once
                return
            case _:  # heartbeats and resets move the cursor only
                self._taken.cursor = item.cursor
        if not self._empty():
            self._filled.set()
        if len(self._taken.events) >= _LIMIT:
            self._room.clear()
            self._urgent.set()

    async def filled(self) -> None:
        """Returns when there is something to write, or the stream has ended."""
        await self._filled.wait()

    async def urgent(self) -> None:
        """Returns when there is something that people wait for."""
        await self._urgent.wait()

    def take(self) -> Taken:
        """All of it; the batch is empty afterwards."""
        taken, self._taken = self._taken, Taken(None)
        if not self.closed:
            self._filled.clear()
            self._urgent.clear()
        self._room.set()
        return taken

    def _empty(self) -> bool:
        return not (self._taken.events or self._taken.slots or self._taken.snapshots)

    def _changed(self, slot: Slot) -> bool:
        conditions = tuple(condition.type for condition in slot.conditions)
        state = (slot.observed_state, slot.trader_state, conditions, slot.mode, slot.policy)
        before = self._states.get(slot.bot_id)
        self._states[slot.bot_id] = state
        return state != before
