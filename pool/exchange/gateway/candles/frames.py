"""Candles in columns: opening times and values. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pool.exchange.gateway.candles.ranges import Ranges


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """`dates` in milliseconds, ascending, each once; `values` a row for each."""

    dates: NDArray[np.int64]
    values: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.dates)

    @property
    def size(self) -> int:
        """In bytes."""
        return self.dates.nbytes + self.values.nbytes

    def between(self, begin: int, end: int) -> "Frame":
        """Those that open from `begin` on, before `end`."""
        low, high = np.searchsorted(self.dates, [begin, end])
        return Frame(self.dates[low:high], self.values[low:high])

    def then(self, other: "Frame") -> "Frame":
        """Both; of a candle that both have, the other's."""
        if not len(self) or not len(other):
            return self if len(self) else other
        if other.dates[0] > self.dates[-1]:
            return Frame(np.concatenate([self.dates, other.dates]), np.concatenate([self.values, other.values]))
        low, high = np.searchsorted(self.dates, [other.dates[0], other.dates[-1] + 1])
        kept = np.isin(self.dates[low:high], other.dates, assume_unique=True, invert=True)
        dates = np.concatenate([self.dates[low:high][kept], other.dates])
        values = np.concatenate([self.values[low:high][kept], other.values])
        order = np.argsort(dates)
        return Frame(
            np.concatenate([self.dates[:low], dates[order], self.dates[high:]]),
            np.concatenate([self.values[:low], values[order], self.values[high:]]),
        )

    def runs(self, step: int) -> Ranges:
        """Stretches of candles without a gap."""
        if not len(self):
            return []
        breaks = np.flatnonzero(np.diff(self.dates) != step) + 1
        begins = self.dates[np.concatenate([[0], breaks])].tolist()
        ends = self.dates[np.concatenate([breaks - 1, [-1]])].tolist()
        return [(begin, end + step) for begin, end in zip(begins, ends, strict=True)]

    def rows(self) -> list[list[float]]:
        """`[opening, values…]`."""
        return [[date, *row] for date, row in zip(self.dates.tolist(), self.values.tolist(), strict=True)]


def empty(columns: int) -> Frame:
    """No candles."""
    return Frame(np.empty(0, np.int64), np.empty((0, columns), np.float64))


def frame_of(rows: Sequence[Sequence[float]], columns: int) -> Frame:
    """Of rows as `Frame.rows` makes them. Raises ValueError for others, and where `check` would."""
    if not rows:
        return empty(columns)
    if any(len(row) != columns + 1 for row in rows):
        raise ValueError(f"a candle has other than {columns} values")
    try:
        frame = Frame(
            np.array([row[0] for row in rows], np.int64),
            np.array([row[1:] for row in rows], np.float64).reshape(-1, columns),
        )
    except (TypeError, OverflowError) as problem:
        raise ValueError("a candle has what is no number") from problem
    check(frame)
    return frame


def check(frame: Frame) -> None:
    """Raises ValueError where times do not ascend, or a value is not finite."""
    if np.any(np.diff(frame.dates) <= 0):
        raise ValueError("opening times do not ascend")
    if not np.all(np.isfinite(frame.values)):
        raise ValueError("a value is not a finite number")
