"""Journal and FreqTrade's database, brought together.

An order of which FreqTrade has no row (the process died, or something failed between the exchange's answer and the
commit) is adopted: its row, and for a first entry its trade, are written as `execute_entry`, `execute_trade_exit` or
`create_stoploss_order` would have, with its tag, and as one that is still open, so that FreqTrade's own look at open
orders finds out the rest and tells it as ever. What FreqTrade has is followed there until it ends.

Trading threads only, and within FreqTrade's exit lock: all of its orders are sent under that.
"""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from math import isclose
from typing import Any

from freqtrade.constants import NON_OPEN_EXCHANGE_STATES
from freqtrade.exceptions import FreqtradeException
from freqtrade.exchange import amount_to_contract_precision, timeframe_to_minutes
from freqtrade.freqtradebot import FreqtradeBot
from freqtrade.persistence import Order, Trade
from freqtrade.util import FtPrecise
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from pool.bot.universal.journal import Intent, Journal, Purpose, State
from pool.bot.universal.orders_gate import Gate
from pool.bot.universal.orders_sending import CcxtOrder, Found, Gone, Sender
from pool.bot.universal.orders_told import order_action
from pool.bot.universal.teller import Teller
from pool.contract.risk import Stage

logger = logging.getLogger(__name__)

_SAME = 1e-9
_STAGES: dict[State, Stage] = {
    State.FILLED: "filled",
    State.CANCELLED: "cancelled",
    State.REJECTED: "rejected",
    State.VANISHED: "vanished",
}


class Books:
    """For one FreqtradeBot. `sender` is None in a dry run, where no order outlives what FreqTrade committed."""

    def __init__(
        self, freqtrade: FreqtradeBot, journal: Journal, sender: Sender | None, gate: Gate, teller: Teller
    ) -> None:
        self._freqtrade = freqtrade
        self._journal = journal
        self._sender = sender
        self._gate = gate
        self._teller = teller
        self.fresh = True
        """What a former process left has not been looked after yet."""

    def look_after(self) -> None:
        """Settle questions, and at first what else a former process left. Raises SQLAlchemyError."""
        self.settle_questions()
        if self.fresh:
            Trade.commit()
            self.follow()
            self.fresh = False

    def knows(self, intent: Intent) -> bool:
        """FreqTrade has its row: if not before, it is committed now, as that of a stop placed in this very pass."""
        Trade.commit()
        return _row(intent) is not None

    def settle_questions(self) -> None:
        """Find out about every order whose fate is open, and adopt what is there. What stays open stays a question."""
        questions = self._journal.questions()
        if not questions:
            return
        Trade.commit()  # a row that waits for its commit is no lost one
        for intent in questions:
            self._contained(self._settle, intent)

    def follow(self) -> None:
        """Note and tell what became of orders, from FreqTrade's rows. Only after FreqTrade committed."""
        placed = [intent for intent in self._journal.open() if intent.state is State.PLACED]
        if not placed:
            return
        rows = _rows([intent.order_id for intent in placed if intent.order_id])
        for intent in placed:
            row = rows.get((intent.order_id or "", intent.pair))
            if row is not None:
                self._contained(self._follow_row, intent, row)
            elif intent.booked:
                self._contained(self._trade_deleted, intent)

    def _contained(self, action: Callable[..., None], intent: Intent, *more: Any) -> None:
        try:
            action(intent, *more)
        except Exception as error:  # the boundary of one order: whatever it is, the others must be looked after
            logger.exception("Order %s of %s could not be looked after", intent.client_order_id, intent.pair)
            self._teller.alert("orders", f"An order of {intent.pair} could not be looked after: {error!r}")
            Trade.rollback()

    def _settle(self, intent: Intent) -> None:
        row = _row(intent)
        if row is not None:
            self._book(intent, row)
        elif self._sender is None:
            self._end(intent, State.VANISHED, "It was simulated by a process that ended.")
        else:
            outcome = self._sender.look(intent)
            if isinstance(outcome, Found):
                self._settle_found(intent, self._freqtrade.exchange._order_contracts_to_amount(outcome.order))
            elif isinstance(outcome, Gone):
                self._end(intent, State.VANISHED, "The exchange does not have it.")

    def _settle_found(self, intent: Intent, order: CcxtOrder) -> None:
        intent = self._journal.change(intent, state=State.PLACED, order_id=str(order["id"]))
        row = _row(intent)
        if row is not None:
            self._book(intent, row)
        elif order.get("status") in NON_OPEN_EXCHANGE_STATES and not order.get("filled"):
            state = State.REJECTED if order.get("status") == "rejected" else State.CANCELLED
            self._end(intent, state, "It ended without a fill.")
        else:
            self._adopt(intent, order)

    # ---- adopting

    def _adopt(self, intent: Intent, order: CcxtOrder) -> None:
        trade = _open_trade_of(intent)
        if trade is None and not intent.purpose.adds_risk:
            self._let_go(intent, order)
            return
        logger.warning("Adopting order %s of %s (%s)", intent.order_id, intent.pair, intent.purpose.value)
        row = _as_placed(intent, order)
        try:
            if trade is None:
                trade = self._new_trade(intent)
                Trade.session.add(trade)
            trade.orders.append(row)
            if intent.purpose is Purpose.EXIT:
                trade.exit_order_status = ""
                trade.close_rate_requested = intent.rate
                trade.exit_reason = intent.tag
            Trade.commit()
        except SQLAlchemyError:
            logger.exception("Order %s of %s could not be adopted yet", intent.order_id, intent.pair)
            Trade.rollback()
            return
        intent = self._book(intent, row)
        self._teller.action(order_action(intent, "adopted"))
        self._announce(intent, trade, row)

    def _let_go(self, intent: Intent, order: CcxtOrder) -> None:
        """What closes a trade that is closed already, or gone: nothing more may be sold of it, and what was sold is on
        the account alone. What adds to such a trade makes another one."""
        if order.get("status") not in NON_OPEN_EXCHANGE_STATES:
            cancel = self._freqtrade.exchange.cancel_order
            if intent.purpose is Purpose.STOP:
                cancel = self._freqtrade.exchange.cancel_stoploss_order
            try:
                cancel(str(order["id"]), intent.pair)
            except FreqtradeException as error:
                logger.warning("Order %s of a trade that is closed is not cancelled yet: %s", order["id"], error)
            return  # the next look tells how it ended
        text = f"Order {intent.order_id} of {intent.pair} was filled for a trade that was closed by then."
        logger.error(text)
        self._teller.alert("order_without_trade", f"{text} It is on the account alone.")
        self._end(intent, State.FILLED, "Its trade was closed by then.")

    def _new_trade(self, intent: Intent) -> Trade:
        """As `execute_entry` makes it."""
        bot, exchange = self._freqtrade, self._freqtrade.exchange
        fee = exchange.get_fee(symbol=intent.pair, taker_or_maker="maker")
        trade = Trade(
            pair=intent.pair,
            base_currency=exchange.get_pair_base_currency(intent.pair),
            stake_currency=bot.config["stake_currency"],
            stake_amount=intent.stake,
            amount=0,
            is_open=True,
            amount_requested=intent.amount,
            fee_open=fee,
            fee_close=fee,
            open_rate=intent.rate,
            open_rate_requested=intent.rate,
            open_date=datetime.fromisoformat(intent.created_at),
            exchange=exchange.id,
            strategy=bot.strategy.get_strategy_name(),
            enter_tag=intent.enter_tag,
            timeframe=timeframe_to_minutes(bot.config["timeframe"]),
            leverage=intent.leverage,
            is_short=intent.is_short,
            trading_mode=bot.trading_mode,
            funding_fees=0,
            amount_precision=exchange.get_precision_amount(intent.pair),
            price_precision=exchange.get_precision_price(intent.pair),
            precision_mode=exchange.precisionMode,
            precision_mode_price=exchange.precision_mode_price,
            contract_size=exchange.get_contract_size(intent.pair),
        )
        trade.adjust_stop_loss(trade.open_rate, bot.strategy.stoploss, initial=True)
        return trade

    def _announce(self, intent: Intent, trade: Trade, row: Order) -> None:
        """FreqTrade's own message of a placed order."""
        bot = self._freqtrade
        try:
            if intent.purpose is Purpose.EXIT:
                bot._notify_exit(trade, intent.order_type, sub_trade=intent.partial, order=row)
            elif intent.purpose.adds_risk:
                bot._notify_enter(trade, row, intent.order_type, sub_trade=len(trade.orders) > 1)
        except FreqtradeException as error:  # it asks for a price
            logger.warning("Adopting order %s could not be announced: %s", intent.order_id, error)

    # ---- following

    def _book(self, intent: Intent, row: Order) -> Intent:
        if intent.booked:
            return intent
        if row.ft_order_tag is None and intent.tag is not None and intent.purpose is not Purpose.STOP:
            row.ft_order_tag = intent.tag  # FreqTrade found it by itself, and knows no reason
            Trade.commit()
        trade = row.trade
        booked = self._journal.change(
            intent, booked=True, trade_id=row.ft_trade_id, opened_at=opened_at(trade) if trade else intent.opened_at
        )
        if booked.reservation is not None:
            self._gate.settle(booked.reservation, "sent", booked.trade_id)
        return booked

    def _follow_row(self, intent: Intent, row: Order) -> None:
        intent = self._book(intent, row)
        filled, average = float(row.filled or 0.0), row.average or row.price
        if row.ft_is_open:
            if intent.filled < filled < float(row.amount or intent.amount):
                changed = self._journal.change(intent, filled=filled, average=average)
                self._teller.action(order_action(changed, "partly_filled"))
            return
        self._count(row)
        state = State.FILLED if row.status == "closed" and filled else State.CANCELLED
        changes: dict[str, Any] = {"state": state, "filled": filled, "average": average if filled else None}
        if row.ft_cancel_reason and state is State.CANCELLED:
            changes["message"] = f"{row.ft_cancel_reason}; {filled:g} of {intent.amount:g} were filled."
        intent = self._journal.change(intent, **changes)
        stage: Stage = "filled" if state is State.FILLED else "cancelled"
        self._teller.action(order_action(intent, stage, row.order_filled_utc))
        self._settle_reservation(intent, filled * (average or 0.0))

    def _count(self, row: Order) -> None:
        """FreqTrade commits what an order filled before it counts that in the trade, and looks at no order twice that
        has ended: a process that ended in between would leave a trade that still seems to hold what was sold. Raises
        DependencyException."""
        trade = row.trade
        if trade is None or not trade.is_open or not row.filled:
            return
        held = amount_held(trade)
        if not isclose(float(trade.amount or 0.0), held, rel_tol=_SAME, abs_tol=_SAME):
            logger.warning("Order %s of %s was filled and not counted: %s", row.order_id, row.ft_pair, trade)
            self._freqtrade.update_trade_state(trade, row.order_id, stoploss_order=row.ft_order_side == "stoploss")

    def _trade_deleted(self, intent: Intent) -> None:
        """FreqTrade (or a person) took the row away with its trade: that decides, once the order is over."""
        if self._sender is None:
            self._end(intent, State.CANCELLED, "Its trade was deleted.")
            return
        outcome = self._sender.look(intent)
        if isinstance(outcome, Found) and outcome.order.get("status") in NON_OPEN_EXCHANGE_STATES:
            filled = bool(outcome.order.get("filled"))
            self._end(intent, State.FILLED if filled else State.CANCELLED, "Its trade was deleted.")

    def _end(self, intent: Intent, state: State, message: str) -> None:
        intent = self._journal.change(intent, state=state, message=message)
        self._teller.action(order_action(intent, _STAGES[state]))
        self._settle_reservation(intent, 0.0)

    def _settle_reservation(self, intent: Intent, exposure: float) -> None:
        """What was filled is in the bot's open trades now, the rest is given back; unless another order goes on with
        it."""
        if intent.reservation is None or self._journal.inherited(intent):
            return
        self._gate.settle(
            intent.reservation, "filled" if exposure else "released", intent.trade_id, exposure if exposure else None
        )


def opened_at(trade: Trade) -> str:
    """What tells a trade from another that was given the same id."""
    return str(trade.open_date_utc.isoformat())


def amount_held(trade: Trade) -> float:
    """Amount that its orders leave open, summed up as FreqTrade's `recalc_trade_from_orders` does: in decimals, since a
    sum of floats can be a hair below whole lots, and would be cut to one lot less."""
    held = FtPrecise(0.0)
    for order in trade.orders:
        if not order.ft_is_open and order.filled:
            side = FtPrecise(1 if order.ft_order_side == trade.entry_side else -1)
            held += FtPrecise(order.safe_amount_after_fee) * side
    rounded = amount_to_contract_precision(
        float(held), trade.amount_precision, trade.precision_mode, trade.contract_size
    )
    return float(rounded)


def _open_trade_of(intent: Intent) -> Trade | None:
    if intent.trade_id is None:
        return None
    trade = Trade.session.scalars(select(Trade).where(Trade.id == intent.trade_id, Trade.is_open.is_(True))).first()
    return trade if trade is not None and opened_at(trade) == intent.opened_at else None


def _row(intent: Intent) -> Order | None:
    return _rows([intent.order_id]).get((intent.order_id, intent.pair)) if intent.order_id else None


def _rows(order_ids: list[str]) -> dict[tuple[str, str], Order]:
    found = Order.session.scalars(select(Order).where(Order.order_id.in_(order_ids))).all() if order_ids else []
    return {(row.order_id, row.ft_pair): row for row in found}


def _as_placed(intent: Intent, order: CcxtOrder) -> Order:
    """The row as it would have been written right after the order was placed."""
    side = "stoploss" if intent.purpose is Purpose.STOP else intent.side
    price = intent.stop_price if intent.purpose is Purpose.STOP else intent.rate
    row = Order.parse_from_ccxt_object({**order, "status": "open"}, intent.pair, side, intent.amount, price)
    row.ft_order_tag = None if intent.purpose is Purpose.STOP else intent.tag
    row.order_filled_date = None
    row.order_update_date = datetime.now(UTC)
    return row
