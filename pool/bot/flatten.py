"""Closing everything, trade by trade, until the database and the exchange agree that nothing is open.

Asked for by a command (then the bot is paused), or by an order or flag that halts. Each round, once a loop or every two
seconds: resting entry orders are cancelled, and every trade is exited by itself, so that one that fails holds up no
other; an exit that rests for ten seconds is replaced by a market order. A strategy has no veto on forced exits.
"""

import logging
import time
from collections.abc import Callable
from typing import Any

from freqtrade.constants import CANCEL_REASON
from freqtrade.enums import State, TradingMode
from freqtrade.exceptions import FreqtradeException
from freqtrade.freqtradebot import FreqtradeBot
from freqtrade.persistence import Order, Trade
from freqtrade.rpc import RPC, RPCException

from pool.bot.snapshot import is_flat
from pool.bot.universal.teller import Teller
from pool.bot.vitals import Vitals
from pool.contract.risk import Action, Stage

logger = logging.getLogger(__name__)

_EXIT_AGAIN_SECONDS = 10.0
"""How long a flatten lets an exit order rest before it is replaced."""
_STUCK_SECONDS = 120.0
_FAILURES = (FreqtradeException, RPCException)
COMMAND = "command"
ORDER = "order"


class Flattening:
    """Belongs to the main thread; `attach` whenever FreqTrade was built anew. While `unsettled`, it is not known of an
    order whether it arrived: nothing is flat."""

    def __init__(
        self,
        vitals: Vitals,
        teller: Teller,
        on_trade: Callable[[], None],
        unsettled: Callable[[], bool] = lambda: False,
    ) -> None:
        self._unsettled = unsettled
        self._vitals = vitals
        self._teller = teller
        self._on_trade = on_trade
        self._asked_by: set[str] = set()
        self._exits: dict[int, tuple[int, float]] = {}
        self._pairs: set[str] = set()
        self._began_at = 0.0
        self._told_flat = False

    def attach(self, freqtrade: FreqtradeBot) -> None:
        self._freqtrade = freqtrade
        self._rpc: RPC = freqtrade.rpc._rpc

    @property
    def active(self) -> bool:
        return bool(self._asked_by)

    @property
    def unfinished(self) -> bool:
        return self.active and not self._told_flat

    def begin(self, by: str, why: str) -> None:
        """From now on; `by` is who has to `end` it."""
        if by in self._asked_by:
            return
        self._asked_by.add(by)
        self._exits.clear()
        self._pairs = {trade.pair for trade in Trade.get_open_trades()}
        self._began_at = time.monotonic()
        self._told_flat = False
        self._tell("decided", why)
        self.round()

    def end(self, by: str) -> None:
        """Somebody thought better of it; exit orders that rest stay."""
        self._asked_by.discard(by)

    def round(self) -> None:
        """Take it one step further, if it was asked for."""
        if not self.active:
            return
        if self._told_flat and is_flat():
            self._vitals.flat = True
            return
        if self._freqtrade.state is State.STOPPED and Trade.get_open_trade_count():  # nothing can be exited there
            self._rpc._rpc_pause()
        self.cancel_entries()
        for trade in Trade.get_open_trades():
            self._pairs.add(trade.pair)
            self._exit_again(trade.id)
        flat = is_flat() and not self._unsettled() and self._exchange_agrees()
        self._vitals.flat = flat
        if flat and not self._told_flat:
            self._told_flat = True
            for trade_id in self._exits:
                self._tell("done", "It is closed.", trade_id)
            self._tell("done", "Nothing is open.")
        elif not flat:
            self._told_flat = False
            if time.monotonic() - self._began_at > _STUCK_SECONDS:
                self._teller.alert("flatten_stuck", "Closing everything does not get on; see the bot's log.")

    def cancel_entries(self) -> int:
        """Cancel resting entry orders; how many trades had any."""
        found = 0
        for trade in Trade.get_open_trades():
            if not any(order.ft_order_side == trade.entry_side for order in trade.open_orders):
                continue
            found += 1
            trade_id, pair, is_short = trade.id, trade.pair, bool(trade.is_short)
            try:
                with self._freqtrade._exit_lock:
                    self._cancel_entries_of(trade)
                    Trade.commit()
            except _FAILURES as error:
                logger.warning("The entry order of trade %s is not cancelled yet: %s", trade_id, error)
                continue
            except Exception:  # the boundary of one trade: it must not hold up the others
                logger.exception("The entry order of trade %s is not cancelled yet", trade_id)
                Trade.rollback()
                continue
            if _has_entry_order(trade_id):  # it was filled meanwhile, or the exchange does not say what became of it
                logger.warning("The entry order of trade %s is not cancelled yet", trade_id)
                continue
            self._on_trade()
            self._teller.action(
                Action(
                    action_id=f"{trade_id}:cancel_entry:{int(time.time() * 1000)}",
                    kind="cancel_entry",
                    stage="done",
                    rule="halt",
                    trade_id=trade_id,
                    pair=pair,
                    is_short=is_short,
                )
            )
        return found

    def _cancel_entries_of(self, trade: Trade) -> None:
        """FreqTrade lets one rest of which so little is filled that this could not be sold. Nothing more is to be
        filled: it is cancelled at the exchange, and FreqTrade then takes over what the exchange says of it."""
        trade_id, pair, side = trade.id, trade.pair, trade.entry_side
        self._freqtrade.cancel_open_orders_of_trade(trade, [side], CANCEL_REASON["FORCE_EXIT"])
        for left in (one for one in Trade.get_open_trades() if one.id == trade_id):  # it may be gone with its order
            resting = [order.order_id for order in left.open_orders if order.ft_order_side == side]
            for order_id in resting:
                self._freqtrade.exchange.cancel_order(order_id, pair)
            if resting:
                self._freqtrade.cancel_open_orders_of_trade(left, [side], CANCEL_REASON["FORCE_EXIT"])

    def exit(self, trade_id: int, order_type: str | None) -> str | None:
        """None, or why the trade could not be exited."""
        self._on_trade()
        try:
            self._rpc._rpc_force_exit(str(trade_id), order_type)
        except _FAILURES as error:
            return str(error) or type(error).__name__
        except Exception as error:  # one trade's failure, of whatever kind, must not hold up the others
            logger.exception("Exit of trade %s failed", trade_id)
            Trade.rollback()
            return type(error).__name__
        return None

    def _exit_again(self, trade_id: int) -> None:
        attempts, asked_at = self._exits.get(trade_id, (0, 0.0))
        if attempts and time.monotonic() - asked_at < _EXIT_AGAIN_SECONDS:
            return
        self._exits[trade_id] = (attempts + 1, time.monotonic())
        order_type = "market" if attempts and self._freqtrade.exchange.exchange_has("createMarketOrder") else None
        message = self.exit(trade_id, order_type)
        if message is not None:
            logger.warning("Flatten: trade %s is not exited yet: %s", trade_id, message)
        how = f"attempt {attempts + 1}{' at market' if order_type else ''}"
        self._tell("rejected" if message else "sent", f"{how}: {message}" if message else how, trade_id)

    def _exchange_agrees(self) -> bool:
        """Live: the exchange has no open order of this bot in the pairs that were closed, and in futures no position in
        them."""
        if self._freqtrade.config["dry_run"] or not self._pairs:
            return True
        try:
            return not self._orders_left() and not self._positions_left()
        except Exception as error:  # the boundary of a look at the exchange: whatever fails, nobody knows yet
            logger.warning("Flatten: the exchange does not tell what is open: %s", type(error).__name__)
            return False

    def _orders_left(self) -> bool:
        """Cancels what it finds."""
        exchange = self._freqtrade.exchange
        cancels: list[tuple[dict[str, Any], Callable[..., Any]]] = [({}, exchange.cancel_order)]
        if exchange.get_option("stoploss_query_requires_stop_flag"):
            cancels.append(({"stop": True}, exchange.cancel_stoploss_order))
        known = {str(order.order_id) for order in Order.session.query(Order.order_id).all()}
        for pair in sorted(self._pairs):
            for parameters, cancel in cancels:
                for order in exchange._api.fetch_open_orders(pair, params=parameters):
                    if str(order["id"]) in known:
                        logger.warning("Flatten: the exchange still has order %s of %s", order["id"], pair)
                        cancel(str(order["id"]), pair)
                        return True
        return False

    def _positions_left(self) -> bool:
        """Tells what it finds: there is no trade that could be exited."""
        if self._freqtrade.trading_mode is not TradingMode.FUTURES:
            return False
        for position in self._freqtrade.exchange._api.fetch_positions():
            pair = position["symbol"]
            if pair in self._pairs and position["side"] is not None and position["contracts"]:
                text = f"The exchange still has a position in {pair}, of which no trade is open: close it by hand."
                logger.warning("Flatten: %s", text)
                self._teller.alert("flatten_position", text)
                return True
        return False

    def _tell(self, stage: Stage, message: str, trade_id: int | None = None) -> None:
        fields: dict[str, Any] = {"trade_id": trade_id} if trade_id is not None else {}
        self._teller.action(
            Action(
                action_id=f"flatten:{int(self._began_at * 1000)}:{trade_id or 'all'}",
                kind="flatten",
                stage=stage,
                rule="halt",
                message=message,
                **fields,
            )
        )


def _has_entry_order(trade_id: int) -> bool:
    open_trades = [trade for trade in Trade.get_open_trades() if trade.id == trade_id]
    return any(order.ft_order_side == trade.entry_side for trade in open_trades for order in trade.open_orders)
