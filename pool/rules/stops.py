"""Rates of the stops: hard stop, trailing stop, break-even, and the tightest of them.

For a long of leverage `L` (a short mirrors every sign and every max):

    hard stop    open_rate * (1 - distance / L)    or open_rate - atr_multiple * ATR as first seen (`Marks.entry_atr`),
                 with both the higher
    trailing     best_rate * (1 - distance / L)    or best_rate - atr_multiple * ATR now; not below the rate of profit
                 `lock_in`; from the rate of profit `activation` on; moved when that is `step * open_rate` or more
    break-even   the rate of profit `offset`, once the rate of profit `trigger` was reached

The best rate counts from the open rate, or from when the first rule that wants it came into force: a rule that is new
to a trade does not judge its past. It counts anew, from the rate of the moment, when an entry moves the open rate: what
the price was before says nothing of the profit that the position of now ever had. So an entry by itself never brings a
stop to where the rate is already.

Each rule's stop only ever tightens while the document has the rule: a larger distance, a higher activation, an entry
that moves the open rate or a wider ATR loosen nothing; after a higher activation or trigger the stop stays where it is
until that is reached. A rule that the document drops takes its stop along, and the tightest of the others counts. The
best rate goes when no rule wants it.
FreqTrade's own stop of a trade never loosens: what was handed over to that stays there.
"""

from collections.abc import Mapping
from dataclasses import replace
from math import inf, isclose, isfinite
from typing import Literal

from pool.contract.policy import HardStop, PolicyDocument, TrailingStop
from pool.rules.position import Marks, Position, Rule
from pool.rules.profit import better, leverage_of, rate_at_profit, reached

Atrs = Mapping[int, float]
"""ATR now, in units of the price, by period in candles."""
_SAME = 1e-9
"""Of an open rate; less is a rounding error of averages."""
Stop = Literal["hard_stop", "trailing_stop", "break_even"]


def atr_periods(document: PolicyDocument) -> frozenset[int]:
    """Which ATRs the stops of this document want."""
    sections = (document.hard_stop, document.trailing_stop)
    return frozenset(part.atr_period for part in sections if part is not None and part.atr_multiple is not None)


def wants_best_rate(document: PolicyDocument) -> bool:
    return document.trailing_stop is not None or document.break_even is not None


def advance(
    position: Position, marks: Marks, document: PolicyDocument, atr: Atrs | None, rate: float | None
) -> tuple[Marks, tuple[Rule, ...]]:
    """Marks after the favourable `rate` was seen (None: after nothing new), and the rules that lack an ATR. The marks
    are of the present open rate (`counted_anew`)."""
    best = best_rate(position, marks, document, rate)
    entry_atr, hard, hard_blind = _hard(position, marks, document.hard_stop, atr)
    trailing, trailing_blind = _trailing(position, marks, document.trailing_stop, atr, best)
    even = _break_even(position, marks, document, best)
    stop_rate, stop_rule = tightest(position, hard, trailing, even)
    blind: list[Rule] = []
    if hard_blind:
        blind.append("hard_stop")
    if trailing_blind:
        blind.append("trailing_stop")
    opened = None if best is None else marks.best_open_rate or position.open_rate
    advanced = Marks(best, stop_rate, stop_rule, entry_atr, hard, trailing, even, opened)
    return (marks if advanced == marks else advanced), tuple(blind)


def counted_anew(position: Position, marks: Marks, rate: float) -> Marks:
    """The marks, with a best rate that begins at the worse of `rate` and the open rate where entries moved the latter
    since; the same object where they did not."""
    before = marks.best_open_rate
    if marks.best_rate is None or before is None or isclose(before, position.open_rate, rel_tol=_SAME):
        return marks
    worse = position.open_rate if better(position, rate, position.open_rate) == rate else rate
    return replace(marks, best_rate=worse, best_open_rate=position.open_rate)


def best_rate(position: Position, marks: Marks, document: PolicyDocument, rate: float | None) -> float | None:
    """The high-water mark (low-water of a short)."""
    if not wants_best_rate(document):
        return None
    best = position.open_rate if marks.best_rate is None else marks.best_rate
    return best if rate is None else better(position, best, rate)


def hard_stop_rate(position: Position, section: HardStop, entry_atr: float | None) -> float | None:
    """The nearer of both measures; None where it has but an ATR that is not known, or where no price is so low."""
    moves = []
    if section.distance is not None:
        moves.append(position.open_rate * float(section.distance) / leverage_of(position))
    if section.atr_multiple is not None and entry_atr is not None:
        moves.append(float(section.atr_multiple) * entry_atr)
    if not moves:
        return None
    return _price(position.open_rate + min(moves) if position.is_short else position.open_rate - min(moves))


def trailing_rate(position: Position, section: TrailingStop, atr: float | None, best: float) -> float | None:
    """Where the stop belongs at this best rate, activation and step aside; not looser than `lock_in`."""
    if section.distance is not None:
        move = best * float(section.distance) / leverage_of(position)
    elif section.atr_multiple is not None and atr is not None:
        move = float(section.atr_multiple) * atr
    else:
        return None
    rate = best + move if position.is_short else best - move
    if section.lock_in is not None:
        rate = better(position, rate, rate_at_profit(position, float(section.lock_in)))
    return _price(rate)


def trails(position: Position, section: TrailingStop, best: float) -> bool:
    """Whether the trailing stop is active at this best rate."""
    activation = section.activation
    return activation is None or reached(position, best, rate_at_profit(position, float(activation)))


def tightest(
    position: Position, hard: float | None, trailing: float | None, even: float | None
) -> tuple[float | None, Stop | None]:
    """Of several at the same rate the hard stop is named, then the trailing one."""
    rate: float | None = None
    rule: Stop | None = None
    candidates: tuple[tuple[Stop, float | None], ...] = (
        ("hard_stop", hard),
        ("trailing_stop", trailing),
        ("break_even", even),
    )
    for name, candidate in candidates:
        if candidate is not None and (
            rate is None or (candidate != rate and better(position, candidate, rate) != rate)
        ):
            rate, rule = candidate, name
    return rate, rule


def known(atr: Atrs | None, period: int) -> float | None:
    """The ATR of that period, if it is a finite number above 0."""
    value = None if atr is None else atr.get(period)
    return value if value is not None and 0 < value < inf else None


def _hard(
    position: Position, marks: Marks, section: HardStop | None, atr: Atrs | None
) -> tuple[float | None, float | None, bool]:
    """ATR to remember, the stop, whether it lacks an ATR."""
    if section is None:
        return None, None, False
    entry_atr = None
    if section.atr_multiple is not None:
        entry_atr = marks.entry_atr if marks.entry_atr is not None else known(atr, section.atr_period)
    rate = hard_stop_rate(position, section, entry_atr)
    blind = section.atr_multiple is not None and entry_atr is None
    return entry_atr, _tightened(position, marks.hard_stop_rate, rate), blind


def _trailing(
    position: Position, marks: Marks, section: TrailingStop | None, atr: Atrs | None, best: float | None
) -> tuple[float | None, bool]:
    """The stop, and whether it lacks an ATR."""
    before = marks.trailing_rate
    if section is None:
        return None, False
    value = None if section.atr_multiple is None else known(atr, section.atr_period)
    blind = section.atr_multiple is not None and value is None
    if best is None or not trails(position, section, best):
        return before, blind
    rate = trailing_rate(position, section, value, best)
    if rate is None:
        return before, blind
    if before is not None and abs(rate - before) < float(section.step) * position.open_rate:
        return before, blind
    return _tightened(position, before, rate), blind


def _break_even(position: Position, marks: Marks, document: PolicyDocument, best: float | None) -> float | None:
    section = document.break_even
    if section is None or best is None:
        return None
    if not reached(position, best, rate_at_profit(position, float(section.trigger))):
        return marks.break_even_rate
    return _tightened(position, marks.break_even_rate, _price(rate_at_profit(position, float(section.offset))))


def _tightened(position: Position, before: float | None, rate: float | None) -> float | None:
    if before is None or rate is None:
        return rate if before is None else before
    return better(position, before, rate)


def _price(rate: float) -> float | None:
    return rate if isfinite(rate) and rate > 0 else None
