"""What of a file that somebody else wrote is fit for the store. Pure.

The store has the exchange's own closed candles and nothing else: whatever may be something else is left out, and asked
of the exchange when it is wanted.
"""

import math
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pool.exchange.gateway.candles.answers import CERTAIN_MS
from pool.exchange.gateway.candles.frames import Frame
from pool.exchange.gateway.candles.series import FUNDING_RATE, Series

OLDEST_MS = 1_230_940_800_000
"""Of 2009, when there was nothing to trade yet."""
_EVIDENCE = 20
_MOST_DIFFERING = 0.1
_SECOND_MS = 1_000
_DAY_MS = 86_400_000
_RELATIVE, _ABSOLUTE = 1e-9, 1e-10
"""Text files of FreqTrade's have ten decimals."""
Mask = NDArray[np.bool_]


class Unusable(Exception):
    """Says in a sentence why, and what to do."""


@dataclass(frozen=True, slots=True)
class Judged:
    """`left_out`: why → how many."""

    frame: Frame
    left_out: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Compared:
    """Candles that come, beside those that are kept."""

    common: int
    differing: int

    def problem(self) -> str | None:
        """Where so many differ that they are another market's, in a sentence."""
        if self.common < _EVIDENCE or self.differing <= self.common * _MOST_DIFFERING:
            return None
        return (
            f"{self.differing} of the {self.common} candles that the store has, too, differ: these are another "
            "exchange's or market's. Name the right one with --exchange."
        )


def judged(series: Series, told: Frame, now_ms: int, keep_days: int | None) -> Judged:
    """`told` as a file has it, in any order. Raises Unusable."""
    left_out: Counter[str] = Counter()
    dates = told.dates - told.dates % _SECOND_MS if series.type == FUNDING_RATE else told.dates
    order = np.argsort(dates, kind="stable")
    frame = Frame(dates[order], told.values[order])
    if not len(frame):
        raise Unusable("It has no candles; remove it, or download it again.")
    _check_times(series, frame)
    last = int(frame.dates[-1])
    latest = min(last, now_ms - CERTAIN_MS - (0 if series.type == FUNDING_RATE else series.step) + 1)
    oldest = 0 if keep_days is None else now_ms - keep_days * _DAY_MS
    for why, keep in (
        ("may not be closed", lambda one: one.dates < latest),
        ("not a number", lambda one: np.isfinite(one.values).all(axis=1)),
        ("impossible", lambda one: _possible(series, one)),
        ("told twice, differently", _unambiguous),
        ("older than is kept", lambda one: one.dates >= oldest),
    ):
        mask = keep(frame)
        left_out[why] += int(len(frame) - mask.sum())
        frame = Frame(frame.dates[mask], frame.values[mask])
        if why == "told twice, differently":
            frame = _once(frame)
    return Judged(frame, +left_out)


def compared(kept: Frame, coming: Frame) -> Compared:
    common, ours, theirs = np.intersect1d(kept.dates, coming.dates, assume_unique=True, return_indices=True)
    same = np.isclose(kept.values[ours], coming.values[theirs], rtol=_RELATIVE, atol=_ABSOLUTE).all(axis=1)
    return Compared(len(common), int(len(common) - same.sum()))


def _check_times(series: Series, frame: Frame) -> None:
    if frame.dates[0] < OLDEST_MS:
        raise Unusable("It has candles of before 2009: its dates are damaged; download it again.")
    if series.type == FUNDING_RATE:
        return
    if series.on_grid and (off := int((frame.dates % series.step != 0).sum())):
        raise Unusable(
            f"{off} of its {len(frame)} candles open at other times than candles of {series.timeframe} do: it is of "
            "another timeframe, or damaged; download it again."
        )
    steps = np.diff(np.unique(frame.dates))
    if len(steps) >= _EVIDENCE and math.gcd(*steps.tolist()) != series.step:
        raise Unusable(f"Its candles are not those of {series.timeframe}: they are further apart; download it again.")


def _possible(series: Series, frame: Frame) -> Mask:
    values = frame.values
    if series.type == FUNDING_RATE:
        rates: Mask = np.abs(values[:, 0]) < 1
        return rates
    opens, highs, lows, closes, volumes = values.T
    fits: Mask = (lows > 0) & (lows <= np.minimum(opens, closes)) & (highs >= np.maximum(opens, closes))
    fits &= volumes >= 0
    return fits


def _unambiguous(frame: Frame) -> Mask:
    """Not those of one moment with different values. Sorted frames."""
    if len(frame) < 2:
        return np.ones(len(frame), np.bool_)
    twice = np.diff(frame.dates) == 0
    other = twice & (frame.values[1:] != frame.values[:-1]).any(axis=1)
    bad = frame.dates[1:][other]
    found: Mask = np.isin(frame.dates, bad, invert=True)
    return found


def _once(frame: Frame) -> Frame:
    _, firsts = np.unique(frame.dates, return_index=True)
    return Frame(frame.dates[firsts], frame.values[firsts])
