"""Bars: a series of open-high-low-close-volume in whole ticks and lots, so that adding them up is exact."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np

from pool.exchange.simulator.noise import Floats, Integers


@dataclass(frozen=True)
class Bars:
    """Columns of equal length, oldest first. Prices are in ticks, volumes in lots, `turnover` in ticks × lots."""

    open: Integers
    high: Integers
    low: Integers
    close: Integers
    volume: Integers
    turnover: Floats
    taker_volume: Integers
    taker_turnover: Floats
    trades: Integers

    def __len__(self) -> int:
        return len(self.open)

    def __getitem__(self, part: slice) -> Self:
        return type(self)(*(column[part] for column in self.columns()))

    def columns(self) -> list[Any]:
        """In the order of the fields."""
        return [getattr(self, field.name) for field in fields(self)]

    def then(self, later: "Bars") -> "Bars":
        """These, followed by later ones."""
        return joined([self, later])

    def extended(self, later: "Bars") -> "Bars":
        """Each bar with what followed it, bar by bar."""
        return Bars(
            open=self.open,
            high=np.maximum(self.high, later.high),
            low=np.minimum(self.low, later.low),
            close=later.close,
            volume=self.volume + later.volume,
            turnover=self.turnover + later.turnover,
            taker_volume=self.taker_volume + later.taker_volume,
            taker_turnover=self.taker_turnover + later.taker_turnover,
            trades=self.trades + later.trades,
        )

    def grouped(self, starts: Integers) -> "Bars":
        """One bar for each stretch that begins at a position in `starts` (ascending, the first is 0)."""
        last = np.append(starts[1:], len(self)) - 1
        return Bars(
            open=self.open[starts],
            high=np.maximum.reduceat(self.high, starts),
            low=np.minimum.reduceat(self.low, starts),
            close=self.close[last],
            volume=np.add.reduceat(self.volume, starts),
            turnover=np.add.reduceat(self.turnover, starts),
            taker_volume=np.add.reduceat(self.taker_volume, starts),
            taker_turnover=np.add.reduceat(self.taker_turnover, starts),
            trades=np.add.reduceat(self.trades, starts),
        )


def make_bars(
    prices: tuple[Integers, Integers, Integers, Integers], lots: Integers, taker: Floats, trades: Integers
) -> Bars:
    """Bars from (open, high, low, close), volumes and the share of them that takers bought."""
    first, high, low, last = prices
    typical = (first + high + low + last) / 4
    taker_volume: Integers = np.rint(lots * taker).astype(np.int64)
    return Bars(first, high, low, last, lots, lots * typical, taker_volume, taker_volume * typical, trades)


def joined(parts: Sequence[Bars]) -> Bars:
    """Series one after the other; at least one."""
    if len(parts) == 1:
        return parts[0]
    return Bars(*(np.concatenate(columns) for columns in zip(*(part.columns() for part in parts), strict=True)))
