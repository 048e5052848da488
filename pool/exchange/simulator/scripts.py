"""Scripted prices, laid over the market from a moment on.

A symbol's timeline is a list of pieces in order of time; each rules until the next begins. The past never changes:
clearing a script begins a piece that follows the market again, so candles keep showing what was traded.
"""

from bisect import bisect_right
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from pool.exchange.simulator.noise import Floats, Integers


class After(StrEnum):
    """What a price does once it has arrived: stay, or move on with the market's relative changes."""

    HOLD = "hold"
    FOLLOW = "follow"


@dataclass(frozen=True)
class Piece:
    """From second `start` on: straight from `begin` to `target` within `duration` seconds, then `after`.

    `target` None means the plain market again. Prices are in the quote currency.
    """

    start: int
    duration: int = 0
    begin: float = 0.0
    target: float | None = None
    after: After = After.HOLD


class Timeline:
    """The pieces of one symbol."""

    def __init__(self, pieces: list[Piece] | None = None) -> None:
        self.pieces: list[Piece] = list(pieces or [])

    @property
    def start(self) -> int | None:
        """Second from which on the plain market no longer holds; None if it always does."""
        return self.pieces[0].start if self.pieces else None

    def add(self, piece: Piece) -> None:
        """Begin a piece. Those that would begin at the same second or later are replaced: the last word counts."""
        self.pieces = [old for old in self.pieces if old.start < piece.start]
        self.pieces.append(piece)

    def within(self, first: int, last: int) -> "Timeline":
        """The pieces that rule any of the seconds `first` to `last`."""
        starts = [piece.start for piece in self.pieces]
        return Timeline(self.pieces[max(0, bisect_right(starts, first) - 1) : bisect_right(starts, last)])

    def apply(self, seconds: Integers, market: Floats, anchors: list[float]) -> Floats:
        """Prices at `seconds` (ascending), given the plain market's prices there.

        `anchors[i]` is the market's price where piece i has arrived (`arrivals`).
        """
        prices = market.copy()
        starts = np.searchsorted(seconds, [piece.start for piece in self.pieces]).tolist()
        for piece, anchor, begin, end in zip(self.pieces, anchors, starts, [*starts[1:], len(seconds)], strict=True):
            if piece.target is not None and begin < end:
                prices[begin:end] = _scripted(piece, piece.target, seconds[begin:end], market[begin:end], anchor)
        return prices

    def arrivals(self) -> list[int]:
        """For each piece the second at which its price has arrived."""
        return [piece.start + piece.duration for piece in self.pieces]


def _scripted(piece: Piece, target: float, seconds: Integers, market: Floats, anchor: float) -> Floats:
    progress = np.minimum((seconds - piece.start) / max(piece.duration, 1), 1.0)
    if not piece.duration:
        progress = np.ones(len(seconds))
    prices: Floats = piece.begin + (target - piece.begin) * progress
    if piece.after is After.FOLLOW:
        arrived = seconds >= piece.start + piece.duration
        prices[arrived] = target * market[arrived] / anchor
    return prices
