"""The take-profit ladder.

At the favourable rate `r` the ladder wants closed in all, of the original position (all filled entries together):

    target = amount_entered * sum of the fractions of all levels whose rate of profit `r` reached

and closes `target - ladder_closed`, where the latter is what orders of the ladder have filled. So a level that was
filled in part, or whose order vanished, is completed and none is sold twice; levels that were jumped go in one order,
and a changed document or a further entry changes the target alone. What is due waits for a later level while it is
worth less than the exchange takes as an order, and takes the rest along where that would be worth less. A `fraction` of
None, and fractions that sum up to 1, close everything.
"""

from collections.abc import Iterator
from math import inf

from pool.contract.policy import TakeProfit
from pool.rules.position import Close, Position
from pool.rules.profit import better, rate_at_profit, reached

_TINY = 1e-9
"""Of the original position; less is a rounding error of sums."""


def ladder_close(
    position: Position, section: TakeProfit, rate: float, min_amount: float = 0.0, min_rest: float = 0.0
) -> Close | None:
    """What the ladder closes at `rate`; `min_amount` is the least that the exchange takes, `min_rest` the least that
    may be left, in the base currency."""
    best: tuple[int, float, float] | None = None
    for level, threshold, fraction in levels(position, section):
        if not reached(position, rate, threshold):
            break
        best = level, threshold, fraction
    if best is None:
        return None
    level, threshold, fraction = best
    amount = due(position, fraction)
    if amount <= 0:
        return None
    if amount >= position.amount * (1 - _TINY) or position.amount - amount < max(min_amount, min_rest):
        return Close("take_profit", None, threshold, level)
    if amount < min_amount:
        return None
    return Close("take_profit", amount, threshold, level)


def candle_rate(position: Position, section: TakeProfit, begun: float, best: float) -> float:
    """What a candle that began at `begun` and reached `best` pays on average where all that is held is closed: each
    level's share at the level's rate, or at `begun` where that was beyond it already, as a bot that follows the price
    would have sold. `best` reaches the level that closes."""
    sold, value, rate = 0.0, 0.0, begun
    for _, threshold, fraction in levels(position, section):
        if not reached(position, best, threshold):
            break
        rate = better(position, begun, threshold)
        part = max(due(position, fraction) - sold, 0.0)
        sold, value = sold + part, value + part * rate
    return (value + (position.amount - sold) * rate) / position.amount


def levels(position: Position, section: TakeProfit) -> Iterator[tuple[int, float, float]]:
    """Number from 1, rate, and the fraction of the original position that is closed in all once it is reached. A level
    that no price can reach is left out."""
    total = 0.0
    for number, level in enumerate(section.levels, start=1):
        total = 1.0 if level.fraction is None else min(total + float(level.fraction), 1.0)
        rate = rate_at_profit(position, float(level.profit))
        if 0 < rate < inf:
            yield number, rate, total


def due(position: Position, fraction: float) -> float:
    """What is still to be closed so that `fraction` of the original position is, not more than is held; in the base
    currency. A whole is everything that is held, whoever closed the rest."""
    if fraction >= 1 - _TINY:
        return position.amount
    missing = fraction * position.amount_entered - position.ladder_closed
    return min(missing, position.amount) if missing > _TINY * position.amount_entered else 0.0
