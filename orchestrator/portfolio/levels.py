"""The levels of an open trade that are in force: stops, the take-profit ladder, triggers, the time exit. Pure.

What only the bot knows is told as it told it: best rate, stops of each rule, what the ladder closed. What follows from
the document alone is computed by the rules that bots enforce (`pool.rules`). What was not told is None, never guessed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from math import inf

from orchestrator.kit.money import shown
from pool.contract.policy import BreakEven, PolicyDocument, TakeProfit, TrailingStop
from pool.contract.snapshots import OpenTrade, TradeMarks
from pool.rules.ladder import due, levels
from pool.rules.position import Marks, Position
from pool.rules.preview import held_of
from pool.rules.profit import profit_ratio, rate_at_profit
from pool.rules.stops import counted_anew, trails


@dataclass(frozen=True, slots=True)
class Stop:
    """A rate at which the trade is closed."""

    rate: Decimal
    rule: str | None
    """The universal rule that set it; None: FreqTrade's own, the strategy's."""
    profit: Decimal | None
    """When it fires at its rate."""


@dataclass(frozen=True, slots=True)
class LadderLevel:
    """One level of the take-profit ladder, from 1."""

    number: int
    profit: Decimal
    rate: Decimal | None
    """None where no price brings that profit."""
    fraction: Decimal | None
    """Of the original position; None closes the rest."""
    amount: Decimal | None
    """That it has still to close, in the base currency; None where the bot does not tell what it entered."""
    done: bool | None


@dataclass(frozen=True, slots=True)
class Trailing:
    """`active`: it follows the price; None while the bot told no best rate."""

    active: bool | None
    activation_profit: Decimal | None
    activation_rate: Decimal | None
    """Both None: it is active from the entry on."""
    best_rate: Decimal | None
    stop_rate: Decimal | None


@dataclass(frozen=True, slots=True)
class Even:
    """The break-even rule: at the trigger the stop goes to the offset. `stop_rate` None: it was not triggered yet."""

    trigger_profit: Decimal
    trigger_rate: Decimal | None
    offset_profit: Decimal
    offset_rate: Decimal | None
    stop_rate: Decimal | None


@dataclass(frozen=True, slots=True)
class TimeLimit:
    at: datetime
    only_below_profit: Decimal | None
    """None: whatever the profit is."""


@dataclass(frozen=True, slots=True)
class Levels:
    """All of one trade. Rules that the document does not have are None."""

    stop: Stop | None
    """The tighter of the two that follow."""
    own_stop: Decimal | None
    universal_stop: Stop | None
    ladder: tuple[LadderLevel, ...]
    trailing: Trailing | None
    break_even: Even | None
    hard_stop: bool
    """Whether the document has one."""
    hard_stop_rate: Decimal | None
    time_exit: TimeLimit | None


def levels_of(trade: OpenTrade, document: PolicyDocument, *, enforced: bool = True) -> Levels | None:
    """None of a trade without a filled entry. `enforced` False: its bot keeps no policy at all, so that what the trade
    remembers of rules is left over from an earlier one."""
    held = held_of(trade)
    if held is None:
        return None
    position = held.position
    marks = _believable(trade.marks, held.marks) if enforced and trade.marks is not None else TradeMarks()
    own = trade.stop_rate if trade.stop_rate is not None and trade.stop_rate > 0 else None
    universal = None if marks.stop_rate is None else _stop(position, marks.stop_rate, marks.stop_rule)
    moved = counted_anew(position, held.marks, held.rate)
    best = None if not enforced or moved.best_rate is None else moved.best_rate
    told_best = marks.best_rate if moved is held.marks else shown(best)
    limit = document.time_exit
    places = min(_exponent(rate) for rate in (trade.current_rate, own) if rate is not None)
    return Levels(
        stop=_tighter(position, own, universal, places),
        own_stop=own,
        universal_stop=universal,
        ladder=tuple(_ladder(trade, position, document.take_profit)),
        trailing=_trailing(position, document.trailing_stop, best, told_best, marks.trailing_rate),
        break_even=_break_even(position, document.break_even, marks.break_even_rate),
        hard_stop=document.hard_stop is not None,
        hard_stop_rate=None if document.hard_stop is None else marks.hard_stop_rate,
        time_exit=None
        if limit is None
        else TimeLimit(trade.opened_at + timedelta(minutes=limit.after_minutes), limit.only_below_profit),
    )


def _believable(told: TradeMarks, read: Marks) -> TradeMarks:
    """As the bot wrote them, without what the rules would not read as a mark."""
    missing = [name for name in TradeMarks.model_fields if getattr(read, name) is None]
    return told.model_copy(update=dict.fromkeys(missing))


def _stop(position: Position, rate: Decimal, rule: str | None) -> Stop:
    return Stop(rate, rule, shown(profit_ratio(position, float(rate))))


def _tighter(position: Position, own: Decimal | None, universal: Stop | None, places: int) -> Stop | None:
    """FreqTrade rounds the stop that a rule hands over to it to the tighter tick: that one is the rule's, too. Nobody
    tells the tick; rates of the pair have 10 to the power of `places` as their last digit."""
    if own is None or (universal is not None and _is_tighter(position, universal.rate, own)):
        return universal
    rule = None
    if universal is not None:
        tick, rounding = Decimal(1).scaleb(places), ROUND_FLOOR if position.is_short else ROUND_CEILING
        rounded = (universal.rate / tick).to_integral_value(rounding) * tick
        rule = universal.rule if rounded == own else None
    return _stop(position, own, rule)


def _is_tighter(position: Position, rate: Decimal, other: Decimal) -> bool:
    return rate < other if position.is_short else rate > other


def _exponent(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def _ladder(trade: OpenTrade, position: Position, section: TakeProfit | None) -> Iterator[LadderLevel]:
    if section is None:
        return
    reachable = {number: (rate, total) for number, rate, total in levels(position, section)}
    before = 0.0
    for number, level in enumerate(section.levels, start=1):
        rate, amount = None, 0.0
        if number in reachable:
            rate, total = reachable[number]
            amount = max(due(position, total) - before, 0.0)
            before += amount
        known = trade.amount_entered is not None and rate is not None
        yield LadderLevel(
            number,
            level.profit,
            shown(rate),
            level.fraction,
            shown(amount) if known else None,
            amount <= 0 if known else None,
        )


def _trailing(
    position: Position,
    section: TrailingStop | None,
    best: float | None,
    told_best: Decimal | None,
    stop_rate: Decimal | None,
) -> Trailing | None:
    if section is None:
        return None
    active = None if best is None else trails(position, section, best)
    activation = section.activation
    rate = None if activation is None else _rate_at(position, activation)
    return Trailing(active, activation, rate, told_best, stop_rate)


def _break_even(position: Position, section: BreakEven | None, stop_rate: Decimal | None) -> Even | None:
    if section is None:
        return None
    trigger, offset = _rate_at(position, section.trigger), _rate_at(position, section.offset)
    return Even(section.trigger, trigger, section.offset, offset, stop_rate)


def _rate_at(position: Position, profit: Decimal) -> Decimal | None:
    rate = rate_at_profit(position, float(profit))
    return shown(rate) if 0 < rate < inf else None
