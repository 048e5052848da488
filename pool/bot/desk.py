"""Between two loops of FreqTrade, on its thread: commands are served, facts are reported.

`pause` and `resume` are FreqTrade's own; either ends a `flatten`. What Flotilla paused stays paused over a reload.
Open trades are never left alone: FreqTrade is paused where it stopped with open trades, a loop that fails is followed
by exit passes alone, a start that fails by loops without entries, and a reload that fails by the last slot that worked
(`fall_back`).
"""

import logging
import math
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from freqtrade.enums import RPCMessageType, State
from freqtrade.exceptions import FreqtradeException
from freqtrade.freqtradebot import FreqtradeBot
from freqtrade.persistence import Trade
from freqtrade.rpc import RPC, RPCException
from sqlalchemy.exc import SQLAlchemyError

from pool.bot.boot import Failure
from pool.bot.config import ConfigurationRefused
from pool.bot.flatten import COMMAND, Flattening
from pool.bot.messages import EventReporter, clean, plain
from pool.bot.modes import Modes
from pool.bot.outbox import Outbox
from pool.bot.rest import BotApi
from pool.bot.slot import SlotFiles, SlotUnreadable
from pool.bot.snapshot import SnapshotReader, is_flat
from pool.bot.universal.host import Universal
from pool.bot.vitals import Vitals
from pool.bot.waking.sleeper import Sleeper
from pool.contract import exit_codes
from pool.contract.events import EventType
from pool.contract.frames import CommandFrame, ConditionFrame, ResultFrame
from pool.contract.slots import ConditionType
from pool.contract.snapshots import Entering

logger = logging.getLogger(__name__)

_DENIED_SECONDS = 60.0
"""So long nothing is entered after a loop that failed with open trades."""
_SLOT = "slot"
_STARTUP = "startup_failed"
_FAILURES = (FreqtradeException, RPCException)

Answer = tuple[bool, str, dict[str, Any]]


class Desk:
    """Belongs to the main thread; `attach` whenever FreqTrade was built anew."""

    def __init__(
        self,
        slot: SlotFiles,
        vitals: Vitals,
        outbox: Outbox,
        api: BotApi,
        universal: Universal,
        snapshot_interval_seconds: float,
        unsettled: Callable[[], bool] = lambda: False,
        entering: Callable[[list[Trade]], list[Entering] | None] = lambda _: None,
        sleeper: Sleeper | None = None,
    ) -> None:
        self._sleeper = sleeper
        self._unsettled = unsettled
        self._universal = universal
        self._flattening = Flattening(vitals, universal.teller, self._on_trade, unsettled)
        self._modes = Modes(universal, vitals, self._flattening, self._on_trade)
        self._fell_back = False
        self._slot = slot
        self._vitals = vitals
        self._outbox = outbox
        self._api = api
        self._interval = snapshot_interval_seconds
        self._reader = SnapshotReader(entering, universal.ranges_of, universal.marks_of, universal.is_priced)
        self._changed = True
        self._read_at = 0.0
        self._reloads: list[str] = []
        self._commands: dict[str, Callable[[CommandFrame], Answer]] = {
            "pause": self._pause,
            "resume": self._resume,
            "flatten": self._flatten,
            "force_exit": self._force_exit,
            "serve_api": self._serve_api,
        }

    def attach(self, freqtrade: FreqtradeBot) -> None:
        """FreqTrade was built from the slot's current files: report from it, serve its API, answer the reload."""
        self._freqtrade = freqtrade
        self._universal.attach(freqtrade, self._slot.spec)
        self._flattening.attach(freqtrade)
        self._modes.attach(freqtrade)
        self._rpc: RPC = freqtrade.rpc._rpc
        freqtrade.rpc.registered_modules.append(
            EventReporter(self._rpc, freqtrade.config, self._outbox, self._on_trade)
        )
        if self._api.serving:
            self._api.attach(self._rpc, freqtrade.config)
            freqtrade.rpc.registered_modules.append(self._api)
        if self._sleeper is not None and self._universal.hold is not None:
            enabled = self._slot.spec.waking == "on_need"
            self._sleeper.attach(freqtrade, self._universal.hold, enabled=enabled)
        self._vitals.observed_generation = self._slot.generation
        self._slot.keep_good()
        self._on_trade()
        for command_id in self._reloads:
            self._outbox.add(ResultFrame(command_id=command_id, ok=True, message="Reloaded."))
        self._reloads.clear()

    @property
    def flattening(self) -> bool:
        """Everything is being closed, and something is open."""
        return self._flattening.unfinished

    def give_up_reloads(self, message: str) -> None:
        """FreqTrade could not be built anew: answer who asked for it."""
        for command_id in self._reloads:
            self._outbox.add(ResultFrame(command_id=command_id, ok=False, message=message))
        self._reloads.clear()

    def fall_back(self, failure: Failure) -> bool:
        """FreqTrade could not be built. With open trades the last slot that worked is made ready to build from, entries
        are denied and it is told; False where the process has to end."""
        if failure.exit_code == exit_codes.EXCHANGE_UNREACHABLE or failure.condition is ConditionType.SECRETS_NEEDED:
            return False
        try:
            if not self._slot.fall_back():
                return False
        except (ConfigurationRefused, OSError) as error:
            logger.error("The last good specification cannot be used: %s", error)
            return False
        self._fell_back = True
        message = f"The last specification that worked manages its open trades, no entries: {failure.message}"
        logger.error("%s", message)
        self.give_up_reloads(failure.message)
        self._universal.entries.deny(_SLOT, message)
        self._universal.teller.alert("slot_failed", message)
        self._outbox.add(ConditionFrame(type=ConditionType.BOOT_FAILED.value, message=message))
        return True

    def stands(self) -> None:
        """FreqTrade was built from the slot that is wanted."""
        if self._fell_back:
            self._fell_back = False
            self._universal.entries.allow(_SLOT)
            self._outbox.add(ConditionFrame(type="", message=""))

    def start_up(self, startup: Callable[[], None]) -> bool:
        """What FreqTrade does when it begins to run. False where that failed with open trades: they are managed without
        it, without entries, until it succeeds. Raises what it raised where there are none."""
        try:
            startup()
        except (Exception, SystemExit) as error:  # whatever failed, open trades are managed on
            if not self.survives(error, "FreqTrade's start fails", _STARTUP, math.inf):
                raise
            return False
        self._universal.entries.allow(_STARTUP)
        return True

    def survives(
        self,
        error: BaseException,
        what: str = "The loop fails",
        kind: str = "loop_failed",
        denied_seconds: float = _DENIED_SECONDS,
    ) -> bool:
        """A loop of FreqTrade failed. True where open trades want the next one: it is told, and nothing is entered for
        a while. False where it may end as FreqTrade and the agent think right."""
        try:
            Trade.rollback()
            if not Trade.get_open_trade_count():
                return False
        except Exception:  # the boundary: a database that does not answer manages no trades
            logger.exception("Open trades cannot be counted")
            return False
        text = clean(f"{what} ({type(error).__name__}: {error}). Open trades are managed on, without entries.")
        logger.error("%s", text, exc_info=error)
        self._universal.entries.deny(kind, text, denied_seconds)
        self._universal.teller.alert(kind, text)
        self._freqtrade.notify_status(text, msg_type=RPCMessageType.EXCEPTION)
        return True

    def look(self, trade_ids: Collection[int] | None = None) -> None:
        """The exit pass for these open trades (None: all) alone, outside of the loop."""
        if self._freqtrade.state in (State.RUNNING, State.PAUSED):
            self._reader.touch()
            before = self._universal.told
            self._universal.look(trade_ids)
            self.tell_watches()
            if self._sleeper is not None and trade_ids is not None:
                self._sleeper.crossed(trade_ids, before)

    def tell_watches(self) -> None:
        """The prices that open trades wait for. Never raises but for a stop."""
        self._contained(self._universal.tell_watches)

    def tell_mode(self) -> None:
        """To whoever reads the heartbeat, before FreqTrade is built."""
        self._modes.tell()

    def keep(self) -> None:
        """What the mode in force asks; open trades are never left in STOPPED, and orders of rules rest no longer than
        they may. Never raises but for a stop."""
        if self._freqtrade.state is State.STOPPED:
            self._contained(self._leave_no_trade_stopped)
        self._contained(self._modes.keep)
        self._contained(self._universal.look_overdue)

    def serve(self, command: CommandFrame) -> None:
        """Do what the agent asks; answers with a ResultFrame, now or (a reload) once it is in force."""
        self._reader.touch()
        answer = self._reload(command) if command.name == "reload_config" else self._answer(command)
        if answer is not None:
            ok, message, data = answer
            told = clean(message)
            self._outbox.add(ResultFrame(command_id=command.command_id, ok=ok, message=told, data=plain(data)))

    def begin_loop(self) -> None:
        """FreqTrade reads trades afresh, as after a wait in which nobody did: others may have written to them."""
        Trade.commit()

    def after_loop(self) -> None:
        """Once per loop of FreqTrade. Never raises but for a stop."""
        self._reader.touch()
        self._contained(self._flattening.round)
        self.tell_watches()

    def report(self) -> None:
        """Send what changed, by the newest prices. Cheap when nothing did."""
        if self._sleeper is not None:
            self._contained(self._sleeper.take_prices)
        state = str(self._freqtrade.state)
        if state != self._vitals.trader_state:
            self._vitals.trader_state = state
            self._outbox.add_event(EventType.TRADER_STATE, {"trader_state": state}, datetime.now(UTC))
            self._changed = True
        if self._changed or time.monotonic() - self._read_at >= self._interval:
            self._changed = False
            self._read_at = time.monotonic()
            self._read()

    def _leave_no_trade_stopped(self) -> None:
        if Trade.get_open_trade_count():
            text = "FreqTrade stopped with open trades; it was paused instead, so that they are managed."
            self._universal.teller.alert("trader_stopped", text)
            self._rpc._rpc_pause()

    def _contained(self, action: Callable[[], None]) -> None:
        try:
            action()
        except Exception as error:  # the boundary between two loops: what fails here must not end the trader
            logger.exception("What is done between two loops failed")
            with suppress(SQLAlchemyError):
                Trade.rollback()
            text = f"What is done between two loops failed: {type(error).__name__}: {error}"
            self._universal.teller.alert("between_loops", clean(text))

    def _read(self) -> None:
        try:
            asked = (self._freqtrade, self._slot.spec.reporting_currency, datetime.now(UTC))
            quiet = not (self._api.running or self.flattening or self._unsettled())
            if quiet and (snapshot := self._reader.again(*asked)) is not None:
                self._outbox.set_snapshot(snapshot)
                return
            snapshot = self._reader.read(*asked)
            flat = is_flat() and not self.flattening
            self._outbox.set_snapshot(snapshot)
            if not quiet:
                self._reader.touch()
        except Exception:  # the boundary of reporting: a reading that fails must not end the trader
            logger.exception("No snapshot")
            self._reader.touch()
            Trade.rollback()
            return
        self._vitals.flat = flat

    def _on_trade(self) -> None:
        self._reader.forget()
        self._changed = True
        if self._sleeper is not None:
            self._sleeper.changed()

    def _answer(self, command: CommandFrame) -> Answer:
        handler = self._commands.get(command.name)
        if handler is None:
            return False, f"This bot does not know the command {command.name}.", {}
        try:
            return handler(command)
        except _FAILURES as error:
            return False, str(error), {}
        except Exception as error:  # the boundary of a command: what fails here must not end the trader
            logger.exception("Command %s failed", command.name)
            return False, f"{type(error).__name__} while serving {command.name}; see the bot's log.", {}

    def _pause(self, _command: CommandFrame) -> Answer:
        self._end_flattening()
        return True, self._hold(), {}

    def _hold(self) -> str:
        self._vitals.paused_by_flotilla = True
        return str(self._rpc._rpc_pause()["status"])

    def _end_flattening(self) -> None:
        """Somebody thought better of it."""
        self._flattening.end(COMMAND)

    def _resume(self, _command: CommandFrame) -> Answer:
        self._vitals.paused_by_flotilla = False
        self._end_flattening()
        return True, self._rpc._rpc_start()["status"], {}

    def _reload(self, command: CommandFrame) -> Answer | None:
        try:
            self._slot.prepare()
        except (SlotUnreadable, ConfigurationRefused, OSError) as error:
            return False, str(error), {}
        self._reloads.append(command.command_id)
        self._rpc._rpc_reload_config()
        return None

    def _force_exit(self, command: CommandFrame) -> Answer:
        wanted = command.arguments.get("trade_id")
        if wanted is None:
            return False, 'force_exit needs a trade_id, or "all".', {}
        ids = [trade.id for trade in Trade.get_open_trades()] if wanted == "all" else [wanted]
        exited, failed = [], []
        for trade_id in ids:
            message = self._flattening.exit(trade_id, None)
            if message is None:
                exited.append(trade_id)
            else:
                failed.append({"trade_id": trade_id, "message": message})
        if failed:
            text = "; ".join(f"trade {item['trade_id']}: {item['message']}" for item in failed)
        else:
            text = f"Exit asked for {len(exited)} trade(s)."
        return not failed, text, {"exited": exited, "failed": failed}

    def _flatten(self, _command: CommandFrame) -> Answer:
        self._hold()
        count = len(Trade.get_open_trades())
        self._flattening.begin(COMMAND, "A flatten was asked for.")
        return True, f"Flattening {count} trade(s).", {"trades": count}

    def _serve_api(self, command: CommandFrame) -> Answer:
        username, password = command.arguments.get("username"), command.arguments.get("password")
        if not isinstance(username, str) or not isinstance(password, str) or not username or not password:
            return False, "serve_api needs a username and a password.", {}
        self._api.serve(self._rpc, self._freqtrade.config, username, password)
        if self._api not in self._freqtrade.rpc.registered_modules:
            self._freqtrade.rpc.registered_modules.append(self._api)
        return True, "Serving.", {}
