"""Longer candles out of one-minute ones, where that is known to give the exchange's own. Pure.

Volumes are added as decimals, as the exchange does: adding floats would differ in the last digit. Whether an exchange's
longer candles are what its minutes add up to (some begin days at other hours, some round) is taken from candles of both
that are there: only where enough of them are the same are others made.
"""

from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from pool.exchange.gateway.candles.frames import Frame, empty, frame_of
from pool.exchange.gateway.candles.series import FUTURES, SPOT, Series

BASE = "1m"
ROLLED = ("5m", "15m", "1h", "4h", "1d")
EVIDENCE = 20
"""Candles that must be the same."""
_BASE_MS = 60_000


def base_of(series: Series) -> Series | None:
    """The series that its candles could be made of; None where there is none."""
    if series.timeframe not in ROLLED or series.type not in (SPOT, FUTURES):
        return None
    return Series(series.exchange, series.pair, BASE, series.type)


def rolled(minutes: Frame, step: int, begin: int, end: int) -> Frame:
    """Candles that open from `begin` on and end by `end`, of those whose every minute is there."""
    begin, end = -(-begin // step) * step, end // step * step
    part = minutes.between(begin, end)
    count = step // _BASE_MS
    groups, starts, counts = np.unique(part.dates // step, return_index=True, return_counts=True)
    whole = counts == count
    rows = []
    for group, start in zip(groups[whole].tolist(), starts[whole].tolist(), strict=True):
        values: NDArray[np.float64] = part.values[start : start + count]
        volume = sum((Decimal(repr(one)) for one in values[:, 4].tolist()), Decimal(0))
        rows.append(
            [group * step, values[0, 0], np.max(values[:, 1]), np.min(values[:, 2]), values[-1, 3], float(volume)]
        )
    return frame_of(rows, 5) if rows else empty(5)


def agree(minutes: Frame, longer: Frame, step: int) -> bool | None:
    """Whether the last `EVIDENCE` candles that can be compared are the same; None where there are fewer."""
    lows, highs = np.searchsorted(minutes.dates, [longer.dates, longer.dates + step])
    compared = longer.dates[highs - lows == step // _BASE_MS][-EVIDENCE:].tolist()
    if len(compared) < EVIDENCE:
        return None
    for opens in compared:
        made, told = rolled(minutes, step, opens, opens + step), longer.between(opens, opens + 1)
        if made.dates.tolist() != [opens] or not np.array_equal(made.values, told.values):
            return False
    return True
