"""One order on its way: from FreqTrade's `create_order` or `create_stoploss`, past what may stand in its way,
permission and the journal, to the exchange.

What it is for is said before, by whoever has it sent (`Occasion`); an order that nobody said anything about is not
sent. While it is not known what became of an order, no other is sent for its trade, but that what closes a trade does
not wait for what adds to it; and while that of a first entry is not known, no first entry. An order whose trade changed
while it was being prepared (its stop was filled, or an exit that was to be replaced) is decided anew.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from freqtrade.exceptions import DependencyException, RetryableOrderError
from freqtrade.freqtradebot import FreqtradeBot
from freqtrade.persistence import Trade

from pool.bot.market.kinds import sending
from pool.bot.universal.journal import Intent, Journal, JournalFailed, Purpose, State
from pool.bot.universal.orders_books import Books, opened_at
from pool.bot.universal.orders_gate import Gate, Passed, Refused, Wanted
from pool.bot.universal.orders_sending import CcxtOrder, OutcomeUnknown, Sender
from pool.bot.universal.orders_told import order_action
from pool.bot.universal.teller import Teller
from pool.bot.universal.why import Why, action_id, parse
from pool.contract.risk import Stage

logger = logging.getLogger(__name__)

_FORCED = ("force_exit", "emergency_exit", "liquidation")
_TINY = 1e-9
_ROUNDING = 1e-6
_LONGEST = 500


class Overtaken(DependencyException):  # type: ignore[misc]  # FreqTrade is not typed here
    """While an order was being prepared its trade changed: it is decided anew in the next loop."""


@dataclass(slots=True)
class Occasion:
    """What the orders that are sent now are for."""

    purpose: Purpose
    tag: str | None
    decided_at: datetime
    trade: Trade | None = None
    is_short: bool = False
    partial: bool = False
    why: Why | None = None
    exited: float = 0.0
    """Filled by exits and stops of the trade when it began."""
    amount: float = 0.0
    rate: float = 0.0
    leverage: float = 1.0
    passed: Passed | None = None
    intent: Intent | None = None
    looked_up: bool = False


class Dispatch:
    """For one FreqtradeBot, within its exit lock; `sender` is None in a dry run. Any trading thread."""

    def __init__(
        self,
        freqtrade: FreqtradeBot,
        journal: Journal,
        sender: Sender | None,
        books: Books,
        gate: Gate,
        teller: Teller,
    ) -> None:
        self._freqtrade = freqtrade
        self._journal = journal
        self._sender = sender
        self._books = books
        self._gate = gate
        self._teller = teller
        self._now = threading.local()

    @contextmanager
    def occasion(self, occasion: Occasion) -> Iterator[None]:
        """They nest: a stop that is refused leads to an emergency exit."""
        outer = getattr(self._now, "occasion", None)
        self._now.occasion = occasion
        try:
            yield
        finally:
            self._now.occasion = outer

    def _current(self) -> Occasion:
        occasion: Occasion | None = getattr(self._now, "occasion", None)
        if occasion is None:
            raise DependencyException("An order that belongs to no entry, exit or stop of FreqTrade is not sent.")
        return occasion

    def create_order(self, create: Callable[..., CcxtOrder], **named: Any) -> CcxtOrder:
        occasion = self._prepared(named["pair"], named["amount"], named["rate"], named["leverage"])
        if occasion.purpose.adds_risk:
            occasion.passed = self._gate.ask(self._wanted(occasion, named["pair"]))
        occasion.intent = self._intended(occasion, named["pair"], named["side"], named["ordertype"])
        return self._carry_out(occasion, create, named)

    def create_stoploss(self, create: Callable[..., CcxtOrder], **named: Any) -> CcxtOrder:
        occasion = self._prepared(named["pair"], named["amount"], named["stop_price"], named["leverage"])
        draft = self._intended(occasion, named["pair"], named["side"], "stoploss")
        occasion.intent = replace(draft, stop_price=named["stop_price"])
        return self._carry_out(occasion, create, named)

    def transmit(self, create: Callable[..., CcxtOrder], *given: Any, **named: Any) -> CcxtOrder:
        """The ccxt client's `create_order(symbol, type, side, amount, price, params)`: nothing was sent before this."""
        occasion, sender = self._current(), self._sender
        if occasion.intent is None or sender is None:
            raise DependencyException("An order that FreqTrade did not prepare is not sent.")
        occasion.intent = self._planned(occasion.intent)
        if occasion.passed is not None:
            self._gate.check(occasion.passed)
        parameters = dict(zip(("symbol", "type", "side", "amount", "price", "params"), given, strict=False)) | named
        own = parameters.pop("params", None) or {}
        with sending("entry" if occasion.purpose.adds_risk else "exit"):
            occasion.intent, order, occasion.looked_up = sender.send(
                occasion.intent, lambda more: create(**parameters, params={**own, **more})
            )
        return order

    def fetch_order(self, fetch: Callable[..., CcxtOrder], *given: Any, **named: Any) -> CcxtOrder:
        """FreqTrade's, with as many tries as ever, but one where a look of ours asks for it."""
        if getattr(self._now, "once", False):
            named["count"] = 0
        return fetch(*given, **named)

    def _prepared(self, pair: str, amount: float, rate: float, leverage: float) -> Occasion:
        """Nothing stands in the way of an order. Raises DependencyException."""
        occasion = self._current()
        occasion.amount, occasion.rate, occasion.leverage = float(amount), float(rate), float(leverage or 1.0)
        open_questions = self._in_the_way(occasion, pair)
        if open_questions or self._books.fresh:
            unknown = [one for one in open_questions if one.purpose is not Purpose.STOP or not self._books.knows(one)]
            self._books.look_after()
            still = {intent.number for intent in self._in_the_way(occasion, pair)}
            if still:
                raise OutcomeUnknown(f"It is not known yet what became of an earlier order of {pair}.")
            if any(self._journal.current(intent).booked for intent in unknown):
                raise Overtaken(f"An order of {pair} was found that had been sent before.")
        trade = occasion.trade
        if trade is not None:
            closing = not occasion.purpose.adds_risk
            grown = exited(trade) > occasion.exited + _TINY or amount > trade.amount * (1 + _ROUNDING)
            if not trade.is_open or (closing and grown):
                raise Overtaken(f"An order of {pair} was filled while another was being prepared.")
            if closing:
                self._check_stops(trade, occasion.purpose)
        return occasion

    def _check_stops(self, trade: Trade, purpose: Purpose) -> None:
        """FreqTrade sells on where it could not cancel the stop that holds the coins, and places a second stop where it
        could not look at the first one: that one may have been filled."""
        bot = self._freqtrade
        if self._sender is None or not trade.has_open_sl_orders:
            return
        if purpose is Purpose.EXIT and not bot.exchange.get_option("stoploss_blocks_assets", True):
            return
        seen_each_loop = bot.strategy.order_types.get("stoploss_on_exchange")
        for order in trade.open_sl_orders:
            try:
                with self._once():
                    told = bot.exchange.fetch_stoploss_order(order.order_id, trade.pair)
            except RetryableOrderError as error:
                age = abs(datetime.now(UTC) - order.order_date_utc)  # of two clocks
                if age < timedelta(seconds=self._sender.window_seconds):
                    raise Overtaken(f"The stop of {trade.pair} was just placed and is not shown yet.") from error
                # FreqTrade neither found nor could cancel it: the exchange does not have it, and no exit waits for it.
                told = {**order.to_ccxt_object(), "status": "canceled", "filled": order.filled or 0.0}
            else:
                if seen_each_loop:
                    continue
            bot.update_trade_state(trade, order.order_id, told, stoploss_order=True)
        if trade.has_open_sl_orders or not seen_each_loop:
            raise Overtaken(f"The stop of {trade.pair} could not be cancelled.")

    @contextmanager
    def _once(self) -> Iterator[None]:
        self._now.once = True
        try:
            yield
        finally:
            self._now.once = False

    def _in_the_way(self, occasion: Occasion, pair: str) -> list[Intent]:
        questions = self._journal.questions()
        trade = occasion.trade
        if trade is None:
            return [one for one in questions if one.trade_id is None or one.pair == pair]
        if not occasion.purpose.adds_risk:
            return [one for one in questions if one.trade_id == trade.id and not one.purpose.adds_risk]
        return [one for one in questions if one.trade_id == trade.id or (one.trade_id is None and one.pair == pair)]

    def _carry_out(self, occasion: Occasion, create: Callable[..., CcxtOrder], named: dict[str, Any]) -> CcxtOrder:
        assert occasion.intent is not None
        if self._sender is None:
            occasion.intent = self._planned(occasion.intent)
        try:
            order = create(**named)
        except Exception as error:  # of whatever kind: what is told depends on the journal; raised again
            self._failed(occasion, error)
            raise
        if self._sender is None:
            occasion.intent = self._journal.change(occasion.intent, state=State.PLACED, order_id=str(order["id"]))
        if occasion.passed is not None:
            self._gate.settle(occasion.passed.reservation, "sent", occasion.intent.trade_id)
        self._teller.action(order_action(occasion.intent, "sent"))
        if occasion.looked_up:
            self._teller.action(order_action(occasion.intent, "adopted"))
        return order

    def _failed(self, occasion: Occasion, error: Exception) -> None:
        """Tell, and give the reservation back, unless the order may exist."""
        intent = occasion.intent
        assert intent is not None
        if intent.number:
            refused = self._sender is None or isinstance(error, Refused)
            if refused and self._journal.current(intent).state is State.PLANNED:
                self._journal.change(intent, state=State.REJECTED, message=str(error)[:_LONGEST])
            intent = self._journal.current(intent)
            if not intent.state.ended:
                self._teller.alert("order_unknown", str(error))
                return
            if not isinstance(error, Refused):
                stage: Stage = "vanished" if intent.state is State.VANISHED else "rejected"
                self._teller.action(order_action(intent, stage))
        if occasion.passed is not None and not isinstance(error, Refused):
            self._gate.settle(occasion.passed.reservation, "released", intent.trade_id)

    def _planned(self, draft: Intent) -> Intent:
        try:
            return self._journal.plan(draft)
        except JournalFailed as error:
            self._teller.alert("journal", str(error))
            raise DependencyException(str(error)) from error

    def _wanted(self, occasion: Occasion, pair: str) -> Wanted:
        trade = occasion.trade
        reservation = None
        if occasion.purpose is Purpose.REPLACE and trade is not None:
            reservation = self._journal.reservation_of(trade.id, opened_at(trade))
        return Wanted(
            purpose=occasion.purpose,
            pair=pair,
            asset=self._freqtrade.exchange.get_pair_base_currency(pair),
            is_short=occasion.is_short,
            stake_currency=self._freqtrade.config["stake_currency"],
            stake=occasion.amount * occasion.rate / occasion.leverage,
            leverage=occasion.leverage,
            trade_id=None if trade is None else trade.id,
            reservation=reservation,
        )

    def _intended(self, occasion: Occasion, pair: str, side: str, order_type: str) -> Intent:
        trade, why = occasion.trade, occasion.why
        rule, level = parse(occasion.tag) or (_rule(occasion), None)
        return Intent(
            purpose=occasion.purpose,
            pair=pair,
            side=side,
            is_short=occasion.is_short,
            order_type=order_type,
            amount=occasion.amount,
            rate=occasion.rate,
            leverage=occasion.leverage,
            decided_at=occasion.decided_at.isoformat(),
            action_id=action_id(trade.id, why) if trade is not None and why is not None else None,
            rule=rule,
            level=level,
            policy=why.policy if why else "",
            tag=occasion.tag,
            enter_tag=occasion.tag if trade is None else trade.enter_tag,
            partial=occasion.partial,
            price_seen=why.price_seen if why else occasion.rate,
            threshold=why.threshold if why else None,
            trade_id=None if trade is None else trade.id,
            opened_at=None if trade is None else opened_at(trade),
            reservation=occasion.passed.reservation if occasion.passed else None,
        )


def _rule(occasion: Occasion) -> str:
    """Of an order that no universal rule decided."""
    if occasion.purpose is Purpose.STOP:
        return "stop_on_exchange"
    return occasion.tag if occasion.tag in _FORCED else "strategy"


def exited(trade: Trade) -> float:
    """What exits and stops of a trade have filled."""
    return sum(float(order.filled or 0.0) for order in trade.orders if order.ft_order_side != trade.entry_side)
