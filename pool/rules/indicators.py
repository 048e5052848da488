"""Average true range after Wilder ("New Concepts in Technical Trading Systems", 1978), over plain sequences.

True range of a candle: the largest of `high - low`, `|high - close before|` and `|low - close before|`. The first ATR
is the mean of `period` true ranges; then `ATR = (ATR before * (period - 1) + true range) / period`, as TA-Lib has it.

An ATR remembers everything since its first candle, fading by `(1 - 1 / period)` per candle. `atr` looks at the last
`WINDOW * period + 1` candles alone: what is left out weighs less than 0.1 %, the cost is bounded, and a bot that holds
260 candles finds what backtesting over years finds. It changes with a closed candle only: callers keep it until then.
"""

from collections.abc import Sequence
from math import isfinite

WINDOW = 8


def atr(highs: Sequence[float], lows: Sequence[float], closes: Sequence[float], period: int) -> float | None:
    """ATR at the last of these candles (oldest first, equally many of each), in units of the price. None with fewer
    than `period + 1` candles, or where a value among those looked at is not a finite number."""
    count = min(len(highs), len(lows), len(closes), WINDOW * period + 1)
    if period < 1 or count < period + 1:
        return None
    average, seed = 0.0, 0.0
    before = float(closes[-count])
    for number, index in enumerate(range(-count + 1, 0), start=1):
        high, low = float(highs[index]), float(lows[index])
        if not (isfinite(high) and isfinite(low) and isfinite(before)):
            return None  # `max` and `min` would pass over it
        span = true_range(high, low, before)
        if number <= period:
            seed += span
            average = seed / period
        else:
            average = (average * (period - 1) + span) / period
        before = float(closes[index])
    return average if isfinite(average) and isfinite(before) else None


def true_range(high: float, low: float, close_before: float) -> float:
    return max(high, close_before) - min(low, close_before)
