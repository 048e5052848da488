"""What another document would change right now, of trades that are open.

Both documents decide on the same rate and the same marks, without doing anything. It is a what-if of this moment: it
knows the prices that a bot told last, and the ATRs that it told of the pair (`Held.atr`). `TradeChange.blind` names the
rules that want one of another period: nobody knows what they would do.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from pool.contract.policy import PolicyDocument
from pool.contract.snapshots import OpenTrade, TradeMarks
from pool.rules.exits import decide
from pool.rules.ladder import due, levels
from pool.rules.marks import marks_from_json
from pool.rules.position import Close, Decision, Marks, Position, Price, Rule
from pool.rules.profit import better, profit_ratio, reached
from pool.rules.stops import Atrs


@dataclass(frozen=True, slots=True)
class Held:
    """One open trade, as its bot told it."""

    trade_id: int
    pair: str
    position: Position
    marks: Marks
    rate: float
    own_stop_rate: float | None = None
    """FreqTrade's stop of the trade: the strategy's, or what a universal stop tightened it to. It never loosens."""
    min_amount: float = 0.0
    """Least amount of an order; 0 where it is not known."""
    atr: Atrs | None = None


@dataclass(frozen=True, slots=True)
class StopState:
    """The stop that would be in force: the tighter of the universal and FreqTrade's own."""

    rate: float | None
    rule: Rule | None
    """None: FreqTrade's own."""
    profit: float | None
    """When it fires at its rate."""


@dataclass(frozen=True, slots=True)
class NextLevel:
    level: int
    rate: float
    profit: float
    amount: float
    """That it would close, in the base currency."""


@dataclass(frozen=True, slots=True)
class TradeChange:
    trade_id: int
    pair: str
    stop_before: StopState
    stop_after: StopState
    close_before: Close | None
    """What the document in force is about to do anyhow."""
    closes_at_once: Close | None
    """What the new document would do at once. A stop here must be confirmed."""
    next_before: NextLevel | None
    next_after: NextLevel | None
    blind: tuple[Rule, ...] = ()
    newly_blind: tuple[Rule, ...] = ()
    """Those that the document in force does not have, or which are known under it."""

    @property
    def fires_at_once(self) -> bool:
        """It would be closed, or more of it than the document in force is about to close anyhow."""
        before, after = self.close_before, self.closes_at_once
        if after is None or (before is not None and before.amount is None):
            return False
        return before is None or after.amount is None or after.amount > (before.amount or 0.0)

    @property
    def changed(self) -> bool:
        return (self.stop_before, self.close_before, self.next_before) != (
            self.stop_after,
            self.closes_at_once,
            self.next_after,
        )


def preview(trades: Iterable[Held], old: PolicyDocument, new: PolicyDocument, now: datetime) -> list[TradeChange]:
    """One entry per trade, changed or not, in the order given."""
    return [_change(held, old, new, now) for held in trades]


def held_of(trade: OpenTrade) -> Held | None:
    """From a bot's snapshot; None of a trade without a filled entry."""
    amount = float(trade.amount)
    if amount <= 0 or trade.open_rate <= 0:
        return None
    position = Position(
        is_short=trade.is_short,
        open_rate=float(trade.open_rate),
        amount=amount,
        amount_entered=amount if trade.amount_entered is None else float(trade.amount_entered),
        leverage=float(trade.leverage),
        fee_open=float(trade.fee_open),
        fee_close=float(trade.fee_close),
        opened_at=trade.opened_at,
        ladder_closed=float(trade.ladder_closed),
    )
    own = None if trade.stop_rate is None else float(trade.stop_rate)
    ranges = {period: float(value) for period, value in trade.atr.items()}
    return Held(trade.trade_id, trade.pair, position, _marks(trade.marks), float(trade.current_rate), own, atr=ranges)


def _marks(told: TradeMarks | None) -> Marks:
    if told is None:
        return Marks()
    fields = told.model_dump(exclude_none=True)
    return marks_from_json({name: value if name == "stop_rule" else float(value) for name, value in fields.items()})


def _change(held: Held, old: PolicyDocument, new: PolicyDocument, now: datetime) -> TradeChange:
    before, after = (
        decide(held.position, held.marks, Price(held.rate), document, now, atr=held.atr, min_amount=held.min_amount)
        for document in (old, new)
    )
    return TradeChange(
        trade_id=held.trade_id,
        pair=held.pair,
        stop_before=_stop(held, before),
        stop_after=_stop(held, after),
        close_before=before.close,
        closes_at_once=after.close,
        next_before=_next_level(held, old, before.close),
        next_after=_next_level(held, new, after.close),
        blind=after.blind,
        newly_blind=tuple(rule for rule in after.blind if rule not in before.blind),
    )


def _stop(held: Held, decision: Decision) -> StopState:
    rate, rule = decision.marks.stop_rate, decision.marks.stop_rule
    own = held.own_stop_rate
    if own is not None and own > 0 and (rate is None or (own != rate and better(held.position, own, rate) == own)):
        rate, rule = own, None
    return StopState(rate, rule, None if rate is None else profit_ratio(held.position, rate))


def _next_level(held: Held, document: PolicyDocument, close: Close | None) -> NextLevel | None:
    """The first level that is still ahead of the rate, and what it would close after what closes now."""
    if document.take_profit is None or (close is not None and close.amount is None):
        return None
    position, closing = held.position, 0.0 if close is None or close.amount is None else close.amount
    left = replace(position, amount=position.amount - closing, ladder_closed=position.ladder_closed + closing)
    for level, rate, fraction in levels(position, document.take_profit):
        amount = due(left, fraction)
        if amount > 0 and not reached(held.position, held.rate, rate):
            profit = float(document.take_profit.levels[level - 1].profit)
            return NextLevel(level, rate, profit, amount)
    return None
