"""Between two loops of FreqTrade, on its thread: commands are served, facts are reported.

`pause` and `resume` are FreqTrade's own; either ends a `flatten`. What Flotilla paused stays paused over a reload.
`flatten` is repeated each loop until nothing is open: resting entry orders are cancelled and every trade is exited by
itself, so that one that fails holds up no other; the second attempt at a trade is a market order, and a strategy's
veto on exits does not count while it lasts.
"""

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from freqtrade.enums import State
from freqtrade.exceptions import FreqtradeException
from freqtrade.freqtradebot import FreqtradeBot
from freqtrade.persistence import Trade
from freqtrade.rpc import RPC, RPCException

from pool.bot.config import ConfigurationRefused
from pool.bot.messages import EventReporter
from pool.bot.outbox import Outbox
from pool.bot.rest import BotApi
from pool.bot.slot import SlotFiles, SlotUnreadable
from pool.bot.snapshot import SnapshotReader, is_flat
from pool.bot.vitals import Vitals
from pool.contract.events import EventType
from pool.contract.frames import CommandFrame, ResultFrame

logger = logging.getLogger(__name__)

_EXIT_AGAIN_SECONDS = 10.0
"""How long a flatten lets an exit order rest before it is replaced."""
_FAILURES = (FreqtradeException, RPCException)

Answer = tuple[bool, str, dict[str, Any]]


class Desk:
    """Belongs to the main thread; `attach` whenever FreqTrade was built anew."""

    def __init__(
        self, slot: SlotFiles, vitals: Vitals, outbox: Outbox, api: BotApi, snapshot_interval_seconds: float
    ) -> None:
        self.flattening = False
        self._slot = slot
        self._vitals = vitals
        self._outbox = outbox
        self._api = api
        self._interval = snapshot_interval_seconds
        self._reader = SnapshotReader()
        self._changed = True
        self._read_at = 0.0
        self._exits_asked: dict[int, tuple[int, float]] = {}
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
        self._rpc: RPC = freqtrade.rpc._rpc
        freqtrade.rpc.registered_modules.append(
            EventReporter(self._rpc, freqtrade.config, self._outbox, self._on_trade)
        )
        if self._api.serving:
            self._api.attach(self._rpc, freqtrade.config)
            freqtrade.rpc.registered_modules.append(self._api)
        self._vitals.observed_generation = self._slot.spec.generation
        if self.flattening:
            self._overrule_vetoes(True)
        self._on_trade()
        for command_id in self._reloads:
            self._outbox.add(ResultFrame(command_id=command_id, ok=True, message="Reloaded."))
        self._reloads.clear()

    def give_up_reloads(self, message: str) -> None:
        """FreqTrade could not be built anew: answer who asked for it."""
        for command_id in self._reloads:
            self._outbox.add(ResultFrame(command_id=command_id, ok=False, message=message))

    def serve(self, command: CommandFrame) -> None:
        """Do what the agent asks; answers with a ResultFrame, now or (a reload) once it is in force."""
        answer = self._reload(command) if command.name == "reload_config" else self._answer(command)
        if answer is not None:
            ok, message, data = answer
            self._outbox.add(ResultFrame(command_id=command.command_id, ok=ok, message=message, data=data))

    def after_loop(self) -> None:
        """Once per loop of FreqTrade."""
        if self.flattening:
            self._flatten_round()

    def report(self) -> None:
        """Send what changed. Cheap when nothing did."""
        state = str(self._freqtrade.state)
        if state != self._vitals.trader_state:
            self._vitals.trader_state = state
            self._outbox.add_event(EventType.TRADER_STATE, {"trader_state": state}, datetime.now(UTC))
            self._changed = True
        if self._changed or time.monotonic() - self._read_at >= self._interval:
            self._changed = False
            self._read_at = time.monotonic()
            self._read()

    def _read(self) -> None:
        try:
            snapshot = self._reader.read(self._freqtrade, self._slot.spec.reporting_currency, datetime.now(UTC))
            flat = is_flat()
        except Exception:  # the boundary of reporting: a reading that fails must not end the trader
            logger.exception("No snapshot")
            Trade.rollback()
            return
        self._outbox.set_snapshot(snapshot)
        self._vitals.flat = flat

    def _on_trade(self) -> None:
        self._reader.forget()
        self._changed = True

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
        """Somebody thought better of it; exit orders that rest stay."""
        self.flattening = False
        self._overrule_vetoes(False)

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
            message = self._exit(str(trade_id), None)
            if message is None:
                exited.append(trade_id)
            else:
                failed.append({"trade_id": trade_id, "message": message})
        if failed:
            text = "; ".join(f"trade {item['trade_id']}: {item['message']}" for item in failed)
        else:
            text = f"Exit asked for {len(exited)} trade(s)."
        return not failed, text, {"exited": exited, "failed": failed}

    def _exit(self, trade_id: str, order_type: str | None) -> str | None:
        """None, or why the trade could not be exited."""
        self._on_trade()
        try:
            self._rpc._rpc_force_exit(trade_id, order_type)
        except _FAILURES as error:
            return str(error) or type(error).__name__
        except Exception as error:  # one trade's failure, of whatever kind, must not hold up the others
            logger.exception("Exit of trade %s failed", trade_id)
            return type(error).__name__
        return None

    def _flatten(self, _command: CommandFrame) -> Answer:
        self._hold()
        self.flattening = True
        self._exits_asked.clear()
        self._overrule_vetoes(True)
        count = len(Trade.get_open_trades())
        self._flatten_round()
        return True, f"Flattening {count} trade(s).", {"trades": count}

    def _flatten_round(self) -> None:
        if self._freqtrade.state is State.STOPPED:  # nothing can be exited there
            self._rpc._rpc_pause()
        for trade_id in [trade.id for trade in Trade.get_open_trades()]:
            attempts, asked_at = self._exits_asked.get(trade_id, (0, 0.0))
            if attempts and time.monotonic() - asked_at < _EXIT_AGAIN_SECONDS:
                continue
            self._exits_asked[trade_id] = (attempts + 1, time.monotonic())
            message = self._exit(str(trade_id), "market" if attempts and self._takes_market_orders() else None)
            if message is not None:
                logger.warning("Flatten: trade %s is not exited yet: %s", trade_id, message)
        self._vitals.flat = is_flat()

    def _takes_market_orders(self) -> bool:
        return bool(self._freqtrade.exchange.exchange_has("createMarketOrder"))

    def _overrule_vetoes(self, overrule: bool) -> None:
        strategy = self._freqtrade.strategy
        if overrule:
            strategy.confirm_trade_exit = lambda *_, **__: True
        else:
            vars(strategy).pop("confirm_trade_exit", None)

    def _serve_api(self, command: CommandFrame) -> Answer:
        username, password = command.arguments.get("username"), command.arguments.get("password")
        if not isinstance(username, str) or not isinstance(password, str) or not username or not password:
            return False, "serve_api needs a username and a password.", {}
        self._api.serve(self._rpc, self._freqtrade.config, username, password)
        if self._api not in self._freqtrade.rpc.registered_modules:
            self._freqtrade.rpc.registered_modules.append(self._api)
        return True, "Serving.", {}
