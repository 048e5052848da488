"""Holds the slots: takes facts in (requests, init, bots, time), asks the table, carries its actions out.

Everything here runs on the event loop and, but for saving, finishes without waiting; so facts and actions of one slot
never interleave. `decide` runs after every fact and twice a second.
"""

import asyncio
import secrets
import signal
import sqlite3
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from loguru import logger
from pydantic import SecretStr

from pool.agent import exits, files, reports, table
from pool.agent.bot_link import Admission, BotConnection, command_frame
from pool.agent.entry import Entry, differs
from pool.agent.facts import (
    Action,
    Announce,
    Archive,
    Kill,
    Limits,
    LookUpTrades,
    Run,
    Start,
    Tell,
    Withdraw,
    WriteFiles,
)
from pool.agent.logs import last_lines
from pool.agent.ring import EventRing
from pool.agent.store import SlotStore, StoredSlot, StoredSlots
from pool.contract.events import Event, EventType
from pool.contract.frames import (
    Ack,
    BotEvent,
    ConditionFrame,
    Exited,
    Forget,
    Fork,
    Forked,
    ForkFailed,
    Heartbeat,
    ResultFrame,
    Shutdown,
    Signal,
    SnapshotFrame,
    Table,
    ZygoteState,
)
from pool.contract.frames import Run as InitRun
from pool.contract.model import Wire
from pool.contract.pools import ZygoteReport

_EXIT_LOG_LINES = 20
_DELETED_LIMIT = 1000
_RECENT_FORKS = 50


class Keeper:
    """The slots of the pool in `directory`. `send_to_init` takes `Fork`, `Signal` and `Forget`."""

    def __init__(
        self,
        directory: Path,
        limits: Limits,
        ring: EventRing,
        stored: StoredSlots,
        send_to_init: Callable[[Fork | Signal | Forget], None],
    ) -> None:
        self.directory = directory
        self.incarnation = ring.incarnation
        self.entries: dict[str, Entry] = {slot.bot_id: Entry(slot.facts()) for slot in stored.slots}
        self.deleted: dict[str, int] = dict(stored.deleted)
        self.fork_milliseconds: deque[float] = deque(maxlen=_RECENT_FORKS)
        self.zygote: ZygoteReport | None = None
        self.init_pid = 0
        self.shutting_down = False
        self.shutdown_asked = asyncio.Event()
        self.run_ended: list[Callable[[str, str], None]] = []
        """Called with bot id and run id when a process has ended."""
        self._limits = limits
        self._ring = ring
        self._send_to_init = send_to_init
        self._store = SlotStore(directory / "slots.json", self._stored)
        self._runs: dict[str, str] = {}
        """Bot id by id of the current run."""
        self._strange: dict[str, int] = {}
        """Processes of runs that belong to no slot any more, killed until they have ended."""
        self._seq = 0
        self._tasks: set[asyncio.Task[None]] = set()

    # ---- requests and time

    def apply(self, entry: Entry) -> None:
        """Decides on one slot and acts."""
        now = time.monotonic()
        facts, actions = table.decide(entry.facts, self._limits, now, shutting_down=self.shutting_down)
        entry.facts = facts
        for action in actions:
            self._act(entry, action, now)
        self._publish(entry)

    def tick(self, held_up_seconds: float = 0.0) -> None:
        """Decides on every slot. `held_up_seconds`: the agent itself stood still so long before this."""
        for entry in list(self.entries.values()):
            if held_up_seconds:
                entry.facts = reports.excused(entry.facts, held_up_seconds)
            self.apply(entry)
        for run_id in self._strange:
            self._send_to_init(Signal(run_id=run_id, signal=signal.SIGKILL))

    async def save(self) -> None:
        """Returns when the slots as they are now are on disk. Raises OSError."""
        await self._store.save()

    @property
    def living(self) -> list[Entry]:
        """Slots with a process."""
        return [entry for entry in self.entries.values() if entry.facts.run is not None and entry.facts.run.pid]

    # ---- init

    def adopt(self, frame: Table) -> None:
        """Takes over the runs that init knows: the living go on, the dead are recorded, strangers are killed."""
        self.init_pid = frame.init_pid
        self.zygote = frame.zygote
        for run in frame.runs:
            self._adopt_run(run)

    def _adopt_run(self, run: InitRun) -> None:
        entry = self.entries.get(run.bot_id)
        if entry is None or (entry.facts.run is not None and run.status is None):
            if run.status is not None or run.pid is None:
                self._send_to_init(Forget(run_id=run.run_id))
            else:
                logger.warning("run {} of bot {} belongs to no slot; killing it", run.run_id, run.bot_id)
                self._strange[run.run_id] = run.pid
            return
        now = time.monotonic()
        before = entry.facts
        entry.facts = replace(before, run=Run(run_id=run.run_id, epoch=run.epoch, requested_at=now))
        entry.new_run(run.nonce.get_secret_value(), datetime.now(UTC), now)
        self._runs[run.run_id] = run.bot_id
        if run.pid is not None:
            entry.facts = reports.forked(entry.facts, run.pid, now)
            entry.pid_told.set()
        if run.status is not None and run.pid is not None:
            self._exited(
                Exited(run_id=run.run_id, pid=run.pid, status=run.status, at=run.exited_at or datetime.now(UTC))
            )
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
                self._exited(frame)
            case ZygoteState():
                self.zygote = frame.report
            case Shutdown():
                logger.info("the pool ends: stopping all bots")
                self.shutting_down = True
                self.shutdown_asked.set()
                self.tick()

    def _entry_of(self, run_id: str) -> Entry | None:
        bot_id = self._runs.get(run_id)
        return self.entries.get(bot_id) if bot_id is not None else None

    def _forked(self, frame: Forked) -> None:
        entry = self._entry_of(frame.run_id)
        self.fork_milliseconds.append(frame.milliseconds)
        if entry is None:
            self._strange[frame.run_id] = frame.pid
            return
        entry.facts = reports.forked(entry.facts, frame.pid, time.monotonic())
        entry.pid_told.set()
        self.apply(entry)

    def _fork_failed(self, frame: ForkFailed) -> None:
        entry = self._entry_of(frame.run_id)
        self._runs.pop(frame.run_id, None)
        if entry is None:
            return
        logger.warning("bot {} was not forked: {}", entry.bot_id, frame.message)
        entry.facts = exits.fork_failed(entry.facts, self._limits, time.monotonic())
        self.apply(entry)

    def _exited(self, frame: Exited) -> None:
        self._send_to_init(Forget(run_id=frame.run_id))
        self._strange.pop(frame.run_id, None)
        entry = self._entry_of(frame.run_id)
        self._runs.pop(frame.run_id, None)
        if entry is None or entry.facts.run is None:
            return
        run = entry.facts.run
        tail = last_lines(files.bot_directory(self.directory, entry.bot_id) / "bot.log", _EXIT_LOG_LINES)
        note = run.note.message if run.note is not None else ""
        exit_ = exits.describe(frame.run_id, frame.status, frame.at, run.ending, note, tail)
        logger.info("bot {}, process {}: {}", entry.bot_id, frame.pid, exit_.reason)
        entry.facts, quarantined = exits.exited(entry.facts, exit_, self._limits, time.monotonic())
        if entry.connection is not None:
            entry.connection.close()
            entry.connection = None
        self._announce(entry, EventType.EXITED, exit_.model_dump(mode="json"))
        if quarantined:
            data = {"reason": exit_.reason, "log_tail": exit_.log_tail, "crashes": self._limits.quarantine_crashes}
            self._announce(entry, EventType.QUARANTINED, data)
        for listener in self.run_ended:
            listener(entry.bot_id, frame.run_id)
        self.apply(entry)
        self._save_soon()

    # ---- bots

    async def admission(self, bot_id: str, run_id: str, timeout_seconds: float) -> Admission | None:
        """See `pool.agent.bot_link.BotListener`."""
        entry = self.entries.get(bot_id)
        if entry is None or entry.run_id != run_id:
            return None
        try:
            await asyncio.wait_for(entry.pid_told.wait(), timeout_seconds)
        except TimeoutError:
            return None
        run = entry.facts.run
        if run is None or run.run_id != run_id or run.pid is None:
            return None
        return Admission(run.pid, entry.nonce, run.epoch, entry.credentials)

    def bot_connected(self, bot_id: str, run_id: str, connection: BotConnection) -> None:
        entry = self.entries.get(bot_id)
        if entry is None or entry.run_id != run_id:
            connection.close()
            return
        if entry.connection is not None:
            entry.connection.close()
        entry.connection = connection
        entry.facts = reports.connected(entry.facts, time.monotonic())
        self.apply(entry)

    def bot_disconnected(self, bot_id: str, run_id: str, connection: BotConnection) -> None:
        entry = self.entries.get(bot_id)
        if entry is None or entry.connection is not connection:
            return
        entry.connection = None
        entry.facts = reports.disconnected(entry.facts, time.monotonic())
        self.apply(entry)

    def bot_said(self, bot_id: str, run_id: str, frame: Wire, connection: BotConnection) -> None:
        entry = self.entries.get(bot_id)
        if entry is None or entry.connection is not connection or entry.run_id != run_id:
            return
        match frame:
            case Heartbeat():
                self._heartbeat(entry, frame)
            case BotEvent():
                self._bot_event(entry, run_id, frame, connection)
            case SnapshotFrame():
                entry.snapshot = frame.snapshot
                self._ring.set_snapshot(bot_id, run_id, frame.snapshot)
            case ConditionFrame():
                entry.facts = reports.noted(entry.facts, frame)
                self.apply(entry)
            case ResultFrame():
                if not frame.ok:
                    logger.warning("bot {} could not do as told: {}", bot_id, frame.message)

    def _heartbeat(self, entry: Entry, frame: Heartbeat) -> None:
        now = time.monotonic()
        entry.last_report_at = datetime.now(UTC)
        entry.facts = reports.heartbeat(entry.facts, frame, now, self._limits.quarantine_window)
        self.apply(entry)

    def _bot_event(self, entry: Entry, run_id: str, frame: BotEvent, connection: BotConnection) -> None:
        if frame.seq > entry.seen_seq:
            entry.seen_seq = frame.seq
            epoch = entry.facts.run.epoch if entry.facts.run is not None else entry.facts.spec.epoch
            self._ring.append(
                Event(
                    bot_id=entry.bot_id,
                    run_id=run_id,
                    origin="bot",
                    seq=frame.seq,
                    epoch=epoch,
                    at=frame.at,
                    type=frame.type,
                    data=frame.data,
                )
            )
        connection.send(Ack(seq=entry.seen_seq))

    # ---- actions

    def _act(self, entry: Entry, action: Action, now: float) -> None:
        match action:
            case Start():
                self._start(entry, now)
            case WriteFiles():
                self._write_files(entry, now)
            case Tell():
                if entry.connection is not None:
                    entry.connection.send(command_frame(action.name))
            case Kill():
                self._kill(entry, action.signal)
            case Withdraw():
                if entry.run_id is not None:
                    self._send_to_init(Forget(run_id=entry.run_id))
            case LookUpTrades():
                self._spawn(self._look_up_trades(entry))
            case Archive():
                self._archive(entry, now)
            case Announce():
                self._announce_action(entry, action, now)

    def _start(self, entry: Entry, now: float) -> None:
        if not self._write_files(entry, now):
            return
        run_id, nonce = secrets.token_hex(8), secrets.token_hex(16)
        entry.facts = table.requested(entry.facts, run_id, now)
        entry.new_run(nonce, datetime.now(UTC), now)
        self._runs[run_id] = entry.bot_id
        self._send_to_init(
            Fork(
                bot_id=entry.bot_id,
                run_id=run_id,
                epoch=entry.facts.spec.epoch,
                nonce=SecretStr(nonce),
                directory=str(files.bot_directory(self.directory, entry.bot_id)),
            )
        )

    def _write_files(self, entry: Entry, now: float) -> bool:
        try:
            files.write_slot_files(self.directory, entry.bot_id, entry.facts.spec)
        except OSError as problem:
            logger.error("cannot write the files of bot {}: {}", entry.bot_id, problem)
            entry.facts = table.later(entry.facts, now, self._limits)
            return False
        return True

    def _kill(self, entry: Entry, number: int) -> None:
        if entry.run_id is not None:
            logger.info("sending {} to bot {}", signal.Signals(number).name, entry.bot_id)
            self._send_to_init(Signal(run_id=entry.run_id, signal=number))

    async def _look_up_trades(self, entry: Entry) -> None:
        directory = files.bot_directory(self.directory, entry.bot_id)
        try:
            count = await asyncio.to_thread(files.count_open_trades, directory)
        except (sqlite3.Error, OSError) as problem:
            logger.warning("cannot count the open trades of bot {}: {}", entry.bot_id, problem)
            facts = table.later(entry.facts, time.monotonic(), self._limits)
            entry.facts = replace(facts, looking_up_trades=False)
            return
        if entry.facts.run is None and entry.facts.looking_up_trades:
            entry.facts = replace(entry.facts, open_trades=count, looking_up_trades=False, flattened=count == 0)
            self.apply(entry)

    def _archive(self, entry: Entry, now: float) -> None:
        try:
            files.archive(self.directory, entry.bot_id, datetime.now(UTC))
        except OSError as problem:
            logger.error("cannot archive the directory of bot {}: {}", entry.bot_id, problem)
            entry.facts = table.later(entry.facts, now, self._limits)
            return
        logger.info("bot {} is gone", entry.bot_id)
        self.entries.pop(entry.bot_id, None)
        self._ring.drop(entry.bot_id)
        self.deleted[entry.bot_id] = entry.facts.spec.epoch
        while len(self.deleted) > _DELETED_LIMIT:
            self.deleted.pop(next(iter(self.deleted)))
        self._save_soon()

    # ---- telling

    def _announce_action(self, entry: Entry, action: Announce, now: float) -> None:
        match action.event:
            case "started":
                pid = entry.facts.run.pid if entry.facts.run is not None else None
                data = {"pid": pid, "start_milliseconds": round((now - entry.requested_at) * 1000, 1)}
                self._announce(entry, EventType.STARTED, data)
            case "hung":
                logger.warning("bot {} hangs: {}", entry.bot_id, action.message)
                self._announce(entry, EventType.HUNG, {"reason": action.message})

    def _announce(self, entry: Entry, kind: EventType, data: dict[str, Any]) -> None:
        self._seq += 1
        self._ring.append(
            Event(
                bot_id=entry.bot_id,
                run_id=self.incarnation,
                origin="agent",
                seq=self._seq,
                epoch=entry.facts.spec.epoch,
                at=datetime.now(UTC),
                type=kind,
                data=data,
            )
        )

    def _publish(self, entry: Entry) -> None:
        if entry.bot_id not in self.entries:
            return
        entry.refresh_conditions(self._limits, time.monotonic(), datetime.now(UTC))
        view = entry.view()
        changed, state_changed = differs(entry.published, view)
        if state_changed:
            state = {
                "observed_state": view.observed_state.value,
                "conditions": [condition.model_dump(mode="json") for condition in view.conditions],
            }
            self._announce(entry, EventType.STATE, state)
        if changed:
            entry.published = view
            self._ring.set_slot(view)

    def sampled(self, entry: Entry) -> None:
        """Its memory and CPU were measured."""
        entry.published = entry.view()
        self._ring.set_slot(entry.published)

    # ---- saving

    def _stored(self) -> StoredSlots:
        slots = [StoredSlot.of(entry.facts) for entry in self.entries.values()]
        return StoredSlots(slots=slots, deleted=self.deleted)

    def _save_soon(self) -> None:
        self._spawn(self._save_or_log())

    async def _save_or_log(self) -> None:
        try:
            await self._store.save()
        except OSError as problem:
            logger.error("cannot write slots.json: {}", problem)

    def _spawn(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
