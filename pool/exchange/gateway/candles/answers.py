"""What an exchange's page of candles says: which are closed, which is not, and what it leaves open. Pure.

A clock that is wrong must not make a candle final that is not: closed is what a later candle follows in the same
answer, and the last one only if it ended a good while before it was asked for, by the exchange's clock.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pool.exchange.gateway.candles.frames import Frame, frame_of
from pool.exchange.gateway.candles.series import FUNDING_RATE, Series
from pool.exchange.gateway.candles.times import Asked

CERTAIN_MS = 60_000
_SECOND_MS = 1_000


class Malformed(Exception):
    """No candles of that series."""


@dataclass(frozen=True, slots=True)
class Page:
    """`partial` is the last candle, where it may still change."""

    closed: Frame
    partial: list[float] | None
    end: int
    """Where to ask on: after the last candle; where there was none, where it was asked from."""


def page_of(series: Series, rows: Sequence[Sequence[float]], since: int, asked: Asked) -> Page:
    """Raises Malformed."""
    step = series.step
    wanted = [row for row in rows if row and row[0] >= since]
    try:
        frame = frame_of(sorted(wanted, key=lambda row: row[0]), len(series.columns))
    except (ValueError, TypeError) as problem:
        raise Malformed(f"The exchange's candles cannot be used: {problem}.") from problem
    if not len(frame):
        return Page(frame, None, since)
    if series.on_grid and bool((frame.dates % step).any()):
        raise Malformed("The exchange's candles begin at other times than theirs.")
    last = int(frame.dates[-1])
    if last > asked.ms + max(step, CERTAIN_MS):
        raise Malformed("The exchange tells candles of the future.")
    if series.type == FUNDING_RATE:  # however long the timeframe is that names them, they come when they come
        return Page(frame, None, last + _SECOND_MS)
    if asked.certain and last + step + CERTAIN_MS <= asked.ms:
        return Page(frame, None, last + step)
    return Page(frame.between(0, last), frame.between(last, last + 1).rows()[0], last + step)
