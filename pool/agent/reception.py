"""Where bots are heard: who is admitted, and what becomes of the frames they send."""

import asyncio
import time
from datetime import UTC, datetime
from functools import partial

from loguru import logger

from pool.agent import reports
from pool.agent.bot_link import Admission, BotConnection
from pool.agent.entry import Entry
from pool.agent.keeper import Keeper
from pool.agent.risk import Risk
from pool.agent.taken import Taken
from pool.agent.turns import Turns
from pool.agent.watcher import Watcher
from pool.contract.events import Event
from pool.contract.frames import (
    Ack,
    BotEvent,
    ConditionFrame,
    Heartbeat,
    ReserveFrame,
    ResultFrame,
    SettleFrame,
    SnapshotFrame,
    TurnFrame,
    TurnGivenFrame,
    WatchFrame,
)
from pool.contract.model import Wire
from pool.contract.slots import ConditionType


class Reception:
    """The `pool.agent.bot_link.BotListener` of the agent."""

    def __init__(self, keeper: Keeper, risk: Risk, watcher: Watcher, turns: Turns, taken: Taken) -> None:
        self.incarnation = keeper.incarnation
        self._keeper = keeper
        self._risk = risk
        self._watcher = watcher
        self._turns = turns
        self._taken = taken
        keeper.run_ended.append(self._gone)

    async def admission(self, bot_id: str, run_id: str, timeout_seconds: float) -> Admission | None:
        """What the run must show. A bot may dial before init has told its pid: that is waited for."""
        entry = self._keeper.entries.get(bot_id)
        if entry is None or entry.run_id != run_id:
            return None
        try:
            await asyncio.wait_for(entry.pid_told.wait(), timeout_seconds)
        except TimeoutError:
            return None
        run = entry.facts.run
        if run is None or run.run_id != run_id or run.pid is None:
            return None
        return Admission(run.pid, entry.facts.uid, entry.nonce, run.epoch, entry.credentials)

    def bot_connected(self, bot_id: str, run_id: str, connection: BotConnection) -> None:
        """A newer connection of the same run replaces the older one."""
        entry = self._keeper.entries.get(bot_id)
        if entry is None or entry.run_id != run_id:
            connection.close()
            return
        if entry.connection is not None:
            entry.connection.close()
        entry.connection = connection
        self._turns.left(bot_id)
        entry.facts = reports.connected(entry.facts, time.monotonic())
        self._risk.connected(entry)
        self._keeper.apply(entry)

    def bot_disconnected(self, bot_id: str, run_id: str, connection: BotConnection) -> None:
        entry = self._keeper.entries.get(bot_id)
        if entry is None or entry.connection is not connection:
            return
        entry.connection = None
        self._watcher.forget(bot_id)
        self._turns.left(bot_id)
        entry.facts = reports.disconnected(entry.facts, time.monotonic())
        self._keeper.apply(entry)

    def _gone(self, bot_id: str, _run_id: str) -> None:
        """Its process has ended: nobody waits for what it asked for."""
        self._taken.left(bot_id)
        self._watcher.forget(bot_id)
        self._turns.left(bot_id)

    def bot_said(self, bot_id: str, run_id: str, frame: Wire, connection: BotConnection) -> None:
        entry = self._keeper.entries.get(bot_id)
        if entry is None or entry.connection is not connection or entry.run_id != run_id:
            return
        match frame:
            case Heartbeat():
                entry.last_report_at = datetime.now(UTC)
                self._taken.told(bot_id, run_id, entry.facts.spec.exchange, frame.candles_taken)
                window = self._keeper.limits.quarantine_window
                before = entry.facts
                entry.facts = reports.heartbeat(before, frame, time.monotonic(), window)
                silent = ConditionType.NOT_REPORTING in entry.conditions
                if silent or not reports.is_steady(before, entry.facts):
                    self._keeper.apply(entry)
            case BotEvent():
                self._event(entry, run_id, frame, connection)
            case SnapshotFrame():
                entry.snapshot = frame.snapshot
                self._keeper.announcer.ring.set_snapshot(bot_id, run_id, frame.snapshot)
            case ReserveFrame():
                self._risk.asked(entry, run_id, frame.request)
            case SettleFrame():
                self._risk.settled(entry, run_id, frame.settlement)
            case WatchFrame():
                self._watcher.watch(entry, frame.watches, frame.number)
            case TurnFrame(begin=True):
                give = partial(_give_turn, connection)
                self._turns.ask(bot_id, frame.number, give, open_trades=frame.open_trades)
            case TurnFrame():
                self._turns.over(bot_id, frame.number)
            case ConditionFrame():
                entry.facts = reports.noted(entry.facts, frame)
                self._keeper.apply(entry)
            case ResultFrame():
                if not frame.ok:
                    logger.warning("bot {} could not do as told: {}", bot_id, frame.message)

    def _event(self, entry: Entry, run_id: str, frame: BotEvent, connection: BotConnection) -> None:
        """Into the ring once, acknowledged each time: what is not acknowledged comes again."""
        if frame.seq > entry.seen_seq:
            entry.seen_seq = frame.seq
            self._keeper.announcer.ring.append(
                Event(
                    bot_id=entry.bot_id,
                    run_id=run_id,
                    origin="bot",
                    seq=frame.seq,
                    epoch=entry.facts.run.epoch if entry.facts.run is not None else entry.facts.spec.epoch,
                    at=frame.at,
                    type=frame.type,
                    data=frame.data,
                )
            )
        connection.send(Ack(seq=entry.seen_seq))


def _give_turn(connection: BotConnection, number: int) -> None:
    connection.send(TurnGivenFrame(number=number))
