"""What to do with an open trade now, and at which rates the answer would be another.

When several rules are due, one decides: the hard stop, else the tightest of trailing stop and break-even, else the time
exit, else the take-profit ladder. A gap through several stops is the hard stop's if the rate itself is beyond that.

Backtesting gives `Price.low` and `Price.high` of a candle. As in FreqTrade's own `IStrategy.ft_stoploss_reached`, a
stop that the adverse bound already hit is not moved first; else the favourable bound moves it (and reaches levels of
the ladder), and then the adverse bound is tried against it. In the candle of an entry that moves the open rate its
favourable bound moves no stop: it may have been before the entry. With a flat candle, as live, all three are one rate.
"""

from datetime import datetime, timedelta
from math import inf

from pool.contract.policy import PolicyDocument
from pool.rules.ladder import due, ladder_close, levels
from pool.rules.position import Close, Decision, Marks, Position, Price, Thresholds
from pool.rules.profit import better, hit, leverage_of, profit_ratio, rate_at_profit, reached
from pool.rules.stops import Atrs, advance, best_rate, counted_anew, known, trails

LEAST_MOVE = 0.001
"""Of the best rate: smaller new highs wake nobody; the bot's own loop follows them."""
_HAIR = 1e-9


def decide(
    position: Position,
    marks: Marks,
    price: Price,
    document: PolicyDocument,
    now: datetime,
    *,
    atr: Atrs | None = None,
    exits_closed: bool = True,
    min_amount: float = 0.0,
    min_rest: float = 0.0,
) -> Decision:
    """Decide on one open trade.

    :param atr: ATR by period (`stops.atr_periods` tells which are wanted), in units of the price.
    :param exits_closed: False while an exit order of the trade rests: the ladder waits then, since what that fills is
        counted once it is closed; stops and the time exit do not wait.
    :param min_amount: least amount of an order that the exchange takes at this rate, in the base currency.
    :param min_rest: least amount that may be left, if that is more: with a reserve, say, so that it can be sold later.
    Nothing is decided on a rate that is no price (NaN, 0 or less), nor on an empty position.
    """
    if not 0 < price.rate < inf or position.amount <= 0 or position.open_rate <= 0:
        return Decision(marks)
    counted = counted_anew(position, marks, price.rate)
    favourable, adverse = bounds(position, price)
    flat = favourable == adverse
    moved, blind = advance(position, counted, document, atr, favourable if flat else None)
    stopped = moved.stop_rate is not None and hit(position, adverse, moved.stop_rate)
    if not flat and not stopped and counted is marks:
        moved, blind = advance(position, counted, document, atr, favourable)
    close = (
        _stop_close(position, moved, price.rate, adverse)
        or _time_close(position, document, price.rate, now)
        or (_ladder_close(position, document, favourable, min_amount, min_rest) if exits_closed else None)
    )
    return Decision(moved, close, blind)


def thresholds(
    position: Position,
    marks: Marks,
    document: PolicyDocument,
    atr: Atrs | None = None,
    *,
    rate: float | None = None,
    least_move: float | None = LEAST_MOVE,
) -> Thresholds:
    """Rates at which `decide` would answer otherwise, for `marks` as it left them: the stop on the adverse side; on the
    favourable one the nearest of the next level of the ladder, an activation or trigger, and, for an active trailing
    stop, the best rate that moves it (by `least_move` at least; None leaves it out). What `rate`, the last one seen,
    has passed already is left out."""
    marks = counted_anew(position, marks, position.open_rate if rate is None else rate)
    ahead = [
        (threshold, reason)
        for threshold, reason in _ahead(position, marks, document, atr, least_move)
        if 0 < threshold < inf and (rate is None or not reached(position, rate, threshold))
    ]
    nearest = (max if position.is_short else min)((threshold for threshold, _ in ahead), default=None)
    stop = marks.stop_rate
    reasons = tuple(reason for threshold, reason in ahead if threshold == nearest)
    if stop is not None and marks.stop_rule is not None:
        reasons = (marks.stop_rule, *reasons)
    if position.is_short:
        return Thresholds(below=nearest, above=stop, reasons=reasons)
    return Thresholds(below=stop, above=nearest, reasons=reasons)


def minds_prices(document: PolicyDocument) -> bool:
    """Whether the document has a rule that acts at some rate."""
    rules = (document.take_profit, document.trailing_stop, document.break_even, document.hard_stop)
    return any(rule is not None for rule in rules)


def bounds(position: Position, price: Price) -> tuple[float, float]:
    """The favourable and the adverse rate of what was seen."""
    low, high = price.low or price.rate, price.high or price.rate
    return (low, high) if position.is_short else (high, low)


def _stop_close(position: Position, marks: Marks, rate: float, adverse: float) -> Close | None:
    stop, rule = marks.stop_rate, marks.stop_rule
    if stop is None or rule is None or not hit(position, adverse, stop):
        return None
    if marks.hard_stop_rate is not None and hit(position, rate, marks.hard_stop_rate):
        return Close("hard_stop", None, marks.hard_stop_rate)
    return Close(rule, None, stop)


def _time_close(position: Position, document: PolicyDocument, rate: float, now: datetime) -> Close | None:
    section = document.time_exit
    if section is None or now - position.opened_at < timedelta(minutes=section.after_minutes):
        return None
    least = section.only_below_profit
    if least is not None and profit_ratio(position, rate) >= float(least):
        return None
    return Close("time_exit", None, None)


def _ladder_close(
    position: Position, document: PolicyDocument, favourable: float, min_amount: float, min_rest: float
) -> Close | None:
    section = document.take_profit
    return None if section is None else ladder_close(position, section, favourable, min_amount, min_rest)


def _ahead(
    position: Position, marks: Marks, document: PolicyDocument, atr: Atrs | None, least_move: float | None
) -> list[tuple[float, str]]:
    """Rates on the favourable side that matter, and why."""
    found: list[tuple[float, str]] = []
    if document.take_profit is not None:
        ladder = levels(position, document.take_profit)
        found += [(rate, f"take_profit:{number}") for number, rate, total in ladder if due(position, total)]
    best = best_rate(position, marks, document, None)
    if best is None:
        return found
    if document.break_even is not None:
        trigger = rate_at_profit(position, float(document.break_even.trigger))
        if not reached(position, best, trigger):
            found.append((trigger, "break_even"))
    if document.trailing_stop is not None:
        activation = document.trailing_stop.activation
        if trails(position, document.trailing_stop, best):
            moving = _moving_rate(position, marks, document, atr, best, least_move)
            found += [] if moving is None else [(moving, "trailing_stop")]
        elif activation is not None:
            found.append((rate_at_profit(position, float(activation)), "activation"))
    return found


def _moving_rate(
    position: Position,
    marks: Marks,
    document: PolicyDocument,
    atr: Atrs | None,
    best: float,
    least_move: float | None,
) -> float | None:
    """The best rate that moves the trailing stop by its step, at least `least_move` from the best one so far; a hair
    beyond it, so that rounding cannot wake a bot for nothing."""
    section = document.trailing_stop
    if section is None or least_move is None:
        return None
    side = -1 if position.is_short else 1
    least = best * (1 + side * max(least_move, _HAIR))
    if marks.trailing_rate is None or (least_move == 0 and section.atr_multiple is not None):
        return least  # an ATR that falls later counts from the best rate that was seen
    wanted = marks.trailing_rate + side * float(section.step) * position.open_rate
    if section.distance is not None:
        share = 1 - side * float(section.distance) / leverage_of(position)
        return better(position, least, wanted / share * (1 + side * _HAIR)) if share > 0 else None
    value = known(atr, section.atr_period)
    if section.atr_multiple is None or value is None:
        return None
    return better(position, least, (wanted + side * float(section.atr_multiple) * value) * (1 + side * _HAIR))
