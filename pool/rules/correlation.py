"""Which assets move together, computed from candles. Pure.

Correlation is Pearson's, of simple returns `close / previous close - 1`, over the candles that both assets have:
`r = cov(x, y) / (sd(x) * sd(y))` (Pearson, 1895). With fewer than `LEAST_RETURNS` common returns, or where a price does
not move at all, it is unknown.

Direction counts: what is long of one asset and short of another that moves with it is a hedge, not the same risk twice.
So two positions are alike when `correlation * direction * direction >= threshold`, direction being 1 for long and -1
for short: a short of what moves against a long is alike. Of one asset both directions are alike, since the limit is
on gross exposure. An unknown correlation counts as alike: the limit then holds whatever it is in truth.
"""

from collections.abc import Callable, Mapping
from functools import cached_property
from itertools import pairwise
from math import sqrt
from operator import mul

LEAST_RETURNS = 15

Correlate = Callable[[str, str], float | None]
"""The correlation of two assets, between -1 and 1; None while unknown."""


class Series:
    """Returns of one asset by their candles' times. Compared with others over and over, so it keeps what that takes."""

    def __init__(self, returns: Mapping[int, float]) -> None:
        self.returns = returns

    @cached_property
    def times(self) -> frozenset[int]:
        return frozenset(self.returns)

    @cached_property
    def unit(self) -> list[float] | None:
        """Deviations from the mean in order of time, scaled to length 1; None of a price that does not move."""
        values = [self.returns[time] for time in sorted(self.returns)]
        mean = sum(values) / len(values) if values else 0.0
        length = sqrt(sum((value - mean) ** 2 for value in values))
        return [(value - mean) / length for value in values] if length > 0 else None


def correlation(one: Series, other: Series) -> float | None:
    """As `pearson` of their returns; quick where both have the same candles."""
    if one.times != other.times:
        return pearson(one.returns, other.returns)
    if len(one.times) < LEAST_RETURNS or one.unit is None or other.unit is None:
        return None
    return max(-1.0, min(1.0, float(sum(map(mul, one.unit, other.unit)))))


def unknown(_one: str, _other: str) -> float | None:
    """Of assets whose candles nobody has."""
    return None


def returns_of(closes: Mapping[int, float]) -> dict[int, float]:
    """Returns by the candle's time, of closes by the candle's time. A candle after a close of 0 has none."""
    times = sorted(closes)
    return {time: closes[time] / closes[before] - 1.0 for before, time in pairwise(times) if closes[before] > 0}


def pearson(one: Mapping[int, float], other: Mapping[int, float]) -> float | None:
    """Correlation of two series of returns by time; None where it cannot be told."""
    common = one.keys() & other.keys()
    if len(common) < LEAST_RETURNS:
        return None
    mean_one = sum(one[time] for time in common) / len(common)
    mean_other = sum(other[time] for time in common) / len(common)
    covariance = sum((one[time] - mean_one) * (other[time] - mean_other) for time in common)
    spread_one = sum((one[time] - mean_one) ** 2 for time in common)
    spread_other = sum((other[time] - mean_other) ** 2 for time in common)
    spread = sqrt(spread_one) * sqrt(spread_other)
    if not spread > 0:
        return None
    return max(-1.0, min(1.0, covariance / spread))


def alike(asset: str, is_short: bool, other: str, other_is_short: bool, threshold: float, correlate: Correlate) -> bool:
    """Whether two positions count as one risk; see above."""
    if asset == other:
        return True
    correlation = correlate(asset, other)
    if correlation is None:
        return True
    return correlation * (1 if is_short == other_is_short else -1) >= threshold
