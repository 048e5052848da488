"""The order book: a spread around the last price and levels of hashed size, the same for everyone within a second."""

from dataclasses import dataclass

import numpy as np

from pool.exchange.simulator.listings import Listing
from pool.exchange.simulator.noise import Integers, key_of, uniform

_SPREAD_RATIO = 0.0002
_STEP_RATIO = 0.00005


@dataclass(frozen=True)
class Book:
    """Levels from the best outwards: prices in ticks, quantities in lots. bid < last < ask (equal at one tick)."""

    bid_ticks: Integers
    bid_lots: Integers
    ask_ticks: Integers
    ask_lots: Integers


def inside(ticks: int) -> tuple[int, int]:
    """Best bid and ask around a last price, in ticks."""
    half = max(1, round(ticks * _SPREAD_RATIO / 2))
    return max(1, ticks - half), ticks + half


def make_book(listing: Listing, ticks: int, second: int, levels: int) -> Book:
    """The book of a symbol whose last price is `ticks`, `levels` deep on either side (fewer bids near zero)."""
    bid, ask = inside(ticks)
    step = max(1, round(ticks * _STEP_RATIO))
    places = np.arange(levels)
    bids = bid - places * step
    bids = bids[bids > 0]
    sizes = 1.0 + 0.6 * uniform(np.uint64(key_of("book", listing.symbol)), np.arange(2 * levels) + second * 10_000)
    lots = np.maximum(1, (sizes * (listing.minute_lots / 20) * np.tile(1 + places * 0.05, 2)).astype(np.int64))
    return Book(bids, lots[: len(bids)], ask + places * step, lots[levels:])
