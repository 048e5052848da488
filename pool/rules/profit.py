"""Profit of a position at a rate, and the rate at a profit, as FreqTrade counts.

FreqTrade's `Trade.calc_profit_ratio`, funding fees and interest aside, with fees as ratios and leverage `L`:

    long    profit = (rate * (1 - fee_close) / (open_rate * (1 + fee_open)) - 1) * L
    short   profit = (1 - rate * (1 + fee_close) / (open_rate * (1 - fee_open))) * L

FreqTrade rounds the ratio to 8 places, so does `profit_ratio`; `rate_at_profit` is the inverse before rounding. The
rules compare rates, never rounded profits, so that they agree with the thresholds which a watcher of prices was given.
"""

from math import inf

from pool.rules.position import Position


def profit_ratio(position: Position, rate: float) -> float:
    """Ratio of the stake (0.02 is +2 %) when all is closed at `rate`; 0 for a position without an open rate."""
    opened = _opened(position)
    if opened <= 0:
        return 0.0
    change = rate * _closing(position) / opened - 1
    return round((-change if position.is_short else change) * leverage_of(position), 8)


def rate_at_profit(position: Position, profit: float) -> float:
    """The rate at which closing all brings `profit`; 0 or less where no price does (a short's profit above its
    leverage, a long's loss of more than everything), infinite where a fee takes all that a long is sold for."""
    change, closing = profit / leverage_of(position), _closing(position)
    if closing <= 0:
        return inf
    return _opened(position) * (1 - change if position.is_short else 1 + change) / closing


def leverage_of(position: Position) -> float:
    """At least something above 0: FreqTrade has None or 0 on spot in old rows."""
    return position.leverage if position.leverage and position.leverage > 0 else 1.0


def reached(position: Position, rate: float, threshold: float) -> bool:
    """Whether `rate` is at `threshold` or better for the position."""
    return rate <= threshold if position.is_short else rate >= threshold


def hit(position: Position, rate: float, stop: float) -> bool:
    """Whether `rate` is at `stop` or worse for the position."""
    return rate >= stop if position.is_short else rate <= stop


def better(position: Position, one: float, other: float) -> float:
    """The more favourable rate of two: the higher of a long, the lower of a short. Of two stops it is the tighter."""
    return min(one, other) if position.is_short else max(one, other)


def _opened(position: Position) -> float:
    return position.open_rate * (1 - position.fee_open if position.is_short else 1 + position.fee_open)


def _closing(position: Position) -> float:
    return 1 + position.fee_close if position.is_short else 1 - position.fee_close
