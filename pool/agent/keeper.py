"""Holds the slots: takes facts in (requests, init, bots, time), asks the table, has its actions carried out.

Everything here runs on the event loop and, but for saving, finishes without waiting; so facts and actions of one slot
never interleave. `decide` runs after every fact and twice a second. A request changes a slot only once the changed slot
is on disk: until then it is pending, and nothing is done about it.
"""

import asyncio
import contextlib
import signal
import sqlite3
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from loguru import logger

from pool.agent import exits, files, reports, table
from pool.agent.actor import Actor, ToInit
from pool.agent.announcer import Announcer
from pool.agent.bot_link import BotConnection
from pool.agent.entry import Entry
from pool.agent.facts import Exceeded, Limits, Run, SlotFacts, Start
from pool.agent.logs import last_lines
from pool.agent.problems import slot_not_found
from pool.agent.ring import EventRing
from pool.agent.starts import Starts
from pool.agent.store import SlotStore, StoredSlot, StoredSlots
from pool.agent.uids import Uids
from pool.contract.events import EventType
from pool.contract.frames import Exited, Forget, Forked, ForkFailed, Shutdown, Signal, Table, ZygoteState
from pool.contract.frames import Run as InitRun
from pool.contract.model import Wire
from pool.contract.pools import ZygoteReport

_EXIT_LOG_LINES = 20
_EXIT_LINE_LENGTH = 2000
_DELETED_LIMIT = 1000
_LAST_WORDS_SECONDS = 0.5
_RECENT_FORKS = 50
_LOOK_SECONDS = 3.0


class Keeper:
    """The slots of the pool in `directory`. `send_to_init` takes `Fork`, `Signal` and `Forget`."""

    def __init__(
        self,
        directory: Path,
        limits: Limits,
        ring: EventRing,
        stored: StoredSlots,
        send_to_init: ToInit,
        uids: Uids | None = None,
    ) -> None:
        self.directory = directory
        self.limits = limits
        self.incarnation = ring.incarnation
        self.announcer = Announcer(ring, limits)
        self.entries: dict[str, Entry] = {slot.bot_id: Entry(slot.facts()) for slot in stored.slots}
        self.deleted: dict[str, int] = dict(stored.deleted)
        """Epoch under which a bot was deleted."""
        self.fork_milliseconds: deque[float] = deque(maxlen=_RECENT_FORKS)
        self.zygote: ZygoteReport | None = None
        self.init_pid = 0
        self.shutting_down = False
        self.shutdown_asked = asyncio.Event()
        self.run_ended: list[Callable[[str, str], None]] = []
        """Called with bot id and run id when a process has ended."""
        self._send_to_init = send_to_init
        self._actor = Actor(directory, limits, self.announcer, send_to_init, self._archived, self.apply)
        self._store = SlotStore(directory / "slots.json", self._stored)
        self._starts = Starts(self.entries, limits.starts_at_once)
        self._pending: dict[str, SlotFacts] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._uids = uids or Uids()
        self._lent: set[int] = set()
        """User ids of processes that are no bots."""
        for entry in self.entries.values():  # slots of a pool that had no ids yet, or other ones
            entry.facts = self._with_uid(entry.facts)
        self._strange: dict[str, int | None] = {}
        """Runs that belong to no slot, killed until they have ended; each with the user id that was lent to it."""

    # ---- deciding

    def apply(self, entry: Entry) -> None:
        """Decides on one slot and acts."""
        if self.entries.get(entry.bot_id) is not entry:
            return
        now = time.monotonic()
        entry.facts, actions = table.decide(entry.facts, self.limits, now, shutting_down=self.shutting_down)
        for action in actions:
            if not isinstance(action, Start) or self._starts.may_start(entry.bot_id, now):
                self._actor.act(entry, action, now)
        if entry.bot_id in self.entries:
            self.announcer.publish(entry)
        for bot_id in self._starts.over(entry.bot_id, now):
            asyncio.get_running_loop().call_soon(self.apply, self.entries[bot_id])

    async def look_for_open_trades(self) -> None:
        """In the databases of bots that are to be started: a new agent has no report of theirs yet. Before anything can
        start them, since a database must not be looked into while its bot opens it; what cannot be told within
        seconds starts among those that have none."""
        until = time.monotonic() + _LOOK_SECONDS
        for entry in list(self.entries.values()):
            if entry.facts.run is None and entry.facts.is_wanted and time.monotonic() < until:
                entry.left_open = await self._left_open(entry.facts)

    async def _left_open(self, facts: SlotFacts) -> bool:
        """Whether there are open trades in the database that a bot has here; False where that cannot be told."""
        directory = files.bot_directory(self.directory, facts.bot_id)
        with contextlib.suppress(sqlite3.Error, OSError):
            return await asyncio.to_thread(files.count_open_trades, directory, facts.spec.trading) > 0
        return False

    def tick(self, held_up_seconds: float = 0.0) -> None:
        """Decides on every slot, those with open trades first. `held_up_seconds`: the agent itself stood still so long
        before this."""
        for entry in sorted(self.entries.values(), key=lambda one: not one.has_open_trades):
            if held_up_seconds:
                entry.facts = reports.excused(entry.facts, held_up_seconds)
            self.apply(entry)
        for run_id in self._strange:
            self._send_to_init(Signal(run_id=run_id, signal=signal.SIGKILL))

    @property
    def living(self) -> list[Entry]:
        """Slots with a process."""
        return [entry for entry in self.entries.values() if entry.facts.run is not None and entry.facts.run.pid]

    def lend_uid(self) -> int | None:
        """A user id that no bot has, until it is given back; None where the pool has none to give."""
        taken = [entry.facts.uid for entry in self.entries.values()] + [one.uid for one in self._pending.values()]
        uid = self._uids.keep(None, [*taken, *self._lent])
        if uid is not None:
            self._lent.add(uid)
        return uid

    def give_back_uid(self, uid: int | None) -> None:
        """Nobody runs under it any more."""
        self._lent.discard(uid or 0)

    def disown(self, run_id: str, uid: int | None = None) -> None:
        """A run that nobody waits for: it is killed until it has ended, when the user id lent to it is given back."""
        self._strange[run_id] = uid

    # ---- changing and saving

    def lock(self, bot_id: str) -> asyncio.Lock:
        """Held over the check and the change of one request, so that requests about one bot follow each other."""
        return self._locks.setdefault(bot_id, asyncio.Lock())

    @property
    def taken(self) -> int:
        """Slots in use, those still being saved included."""
        return len(self.entries.keys() | self._pending.keys())

    async def change(self, bot_id: str, how: Callable[[SlotFacts | None], SlotFacts]) -> Entry:
        """Changes or makes a slot once that is on disk; nothing changed where it raises OSError. Raises Refused where
        the slot was archived meanwhile: what is gone stays gone."""
        entry = self.entries.get(bot_id)
        existed = entry is not None
        self._pending[bot_id] = facts = self._with_uid(how(entry.facts if entry is not None else None))
        try:
            left_open = not existed and await self._left_open(facts)  # it may have come from another pool
            await self._store.save()
        finally:
            pending = self._pending.pop(bot_id)
        entry = self.entries.get(bot_id)
        if entry is not None:
            entry.facts = how(entry.facts)  # which may have moved on while it was saved
            return entry
        if existed:
            self._actor.spawn(self._save_or_log())
            raise slot_not_found(bot_id)
        entry = self.entries[bot_id] = Entry(pending, left_open=left_open)
        return entry

    async def save(self) -> None:
        """Returns when the slots as they are now are on disk. Raises OSError."""
        await self._store.save()

    def _with_uid(self, facts: SlotFacts) -> SlotFacts:
        others = {bot_id: entry.facts for bot_id, entry in self.entries.items()} | self._pending
        taken = [other.uid for bot_id, other in others.items() if bot_id != facts.bot_id]
        return replace(facts, uid=self._uids.keep(facts.uid, [*taken, *self._lent]))

    def _stored(self) -> StoredSlots:
        facts = {bot_id: entry.facts for bot_id, entry in self.entries.items()} | self._pending
        return StoredSlots(slots=[StoredSlot.of(one) for one in facts.values()], deleted=self.deleted)

    async def _save_or_log(self) -> None:
        try:
            await self._store.save()
        except OSError as problem:
            logger.error("cannot write slots.json: {}", problem)

    def _archived(self, entry: Entry) -> None:
        self.entries.pop(entry.bot_id, None)
        self._locks.pop(entry.bot_id, None)
        self.announcer.ring.drop(entry.bot_id)
        self.deleted[entry.bot_id] = entry.facts.spec.epoch
        while len(self.deleted) > _DELETED_LIMIT:
            self.deleted.pop(next(iter(self.deleted)))
        self._actor.spawn(self._save_or_log())

    # ---- init

    def adopt(self, frame: Table) -> None:
        """Takes over the runs that init knows: the living go on, the dead are recorded, strangers are killed."""
        self.init_pid = frame.init_pid
        self.zygote = frame.zygote
        # The dead first: a slot has at most one living run, which must not be taken for the dead one's successor.
        for run in sorted(frame.runs, key=lambda run: run.status is None):
            self._adopt_run(run)

    def _adopt_run(self, run: InitRun) -> None:
        entry = self.entries.get(run.bot_id)
        if entry is None or entry.facts.run is not None:
            logger.warning("run {} of bot {} belongs to no slot; it shall end", run.run_id, run.bot_id)
            self._send_to_init(Forget(run_id=run.run_id))
            if run.status is None:
                self._strange.setdefault(run.run_id)
            return
        now = time.monotonic()
        entry.facts = replace(entry.facts, run=Run(run_id=run.run_id, epoch=run.epoch, requested_at=now))
        entry.new_run(run.nonce.get_secret_value(), datetime.now(UTC), now)
        if run.pid is not None:
            entry.facts = reports.forked(entry.facts, run.pid, now)
            entry.pid_told.set()
        if run.status is not None and run.pid is not None:
            at = run.exited_at or datetime.now(UTC)
            self._exited(Exited(run_id=run.run_id, pid=run.pid, status=run.status, at=at))
        else:
            logger.info("adopted run {} of bot {}, process {}", run.run_id, run.bot_id, run.pid)

    def init_said(self, frame: Wire) -> None:
        """A frame from init, after the table."""
        match frame:
            case Forked():
                self._forked(frame)
            case ForkFailed():
                self._fork_failed(frame)
            case Exited():
                self._ended(frame)
            case ZygoteState():
                self.zygote = frame.report
            case Shutdown():
                logger.info("the pool ends: stopping all bots")
                self.shutting_down = True
                self.shutdown_asked.set()
                self.tick()

    def exceeded(self, entry: Entry, what: Exceeded, message: str) -> None:
        """A bot uses more than it may: it is ended."""
        facts = reports.exceeded(entry.facts, what, message, time.monotonic())
        if facts is not entry.facts:
            logger.warning("bot {} is ended: {}", entry.bot_id, message)
            entry.facts = facts
            self.apply(entry)

    def _entry_of(self, run_id: str) -> Entry | None:
        return next((entry for entry in self.entries.values() if entry.run_id == run_id), None)

    def _forked(self, frame: Forked) -> None:
        self.fork_milliseconds.append(frame.milliseconds)
        entry = self._entry_of(frame.run_id)
        if entry is None:
            self._strange.setdefault(frame.run_id)
            return
        entry.facts = reports.forked(entry.facts, frame.pid, time.monotonic())
        entry.pid_told.set()
        self.apply(entry)

    def _fork_failed(self, frame: ForkFailed) -> None:
        self.give_back_uid(self._strange.pop(frame.run_id, None))
        entry = self._entry_of(frame.run_id)
        if entry is not None:
            logger.warning("bot {} was not forked: {}", entry.bot_id, frame.message)
            entry.facts = exits.fork_failed(entry.facts, self.limits, time.monotonic())
            self.apply(entry)

    def _ended(self, frame: Exited) -> None:
        entry = self._entry_of(frame.run_id)
        if entry is None or entry.connection is None:
            self._exited(frame)
        else:
            self._actor.spawn(self._hear_out(entry.connection, frame))

    async def _hear_out(self, connection: BotConnection, frame: Exited) -> None:
        """The process has ended, but its last words, such as why it could not boot, may still be in the socket."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(connection.ended.wait(), _LAST_WORDS_SECONDS)
        self._exited(frame)

    def _exited(self, frame: Exited) -> None:
        self.give_back_uid(self._strange.pop(frame.run_id, None))
        entry = self._entry_of(frame.run_id)
        if entry is None or entry.facts.run is None:
            self._send_to_init(Forget(run_id=frame.run_id))
            return
        run = entry.facts.run
        log = files.bot_directory(self.directory, entry.bot_id) / "bot.log"
        tail = [line[:_EXIT_LINE_LENGTH] for line in last_lines(log, _EXIT_LOG_LINES)]
        note = run.note.message if run.note is not None else ""
        if run.ending == "exceeded" and entry.facts.exceeded is not None:
            note = entry.facts.exceeded[1]
        exit_ = exits.describe(frame.run_id, frame.status, frame.at, run.ending, note, tail)
        logger.info("bot {}, process {}: {}", entry.bot_id, frame.pid, exit_.reason)
        entry.facts, quarantined = exits.exited(entry.facts, exit_, self.limits, time.monotonic())
        if entry.connection is not None:
            entry.connection.close()
            entry.connection = None
        self.announcer.announce(entry, EventType.EXITED, exit_.model_dump(mode="json"))
        if quarantined:
            data = {"reason": exit_.reason, "log_tail": exit_.log_tail, "crashes": self.limits.quarantine_crashes}
            self.announcer.announce(entry, EventType.QUARANTINED, data)
        for listener in self.run_ended:
            listener(entry.bot_id, frame.run_id)
        self.apply(entry)
        self._actor.spawn(self._record_exit(frame.run_id))

    async def _record_exit(self, run_id: str) -> None:
        """Only once the exit is on disk may init forget it: a new agent would not hear of it otherwise."""
        await self._save_or_log()
        self._send_to_init(Forget(run_id=run_id))
