"""Answers about a set of symbols, which spot and perpetuals have in common.

A perpetual trades at the price of the spot symbol of its name, so both read the same paths, candles and books.
"""

import asyncio
from collections.abc import Mapping

import numpy as np

from pool.exchange.simulator import rendering
from pool.exchange.simulator.book import make_book
from pool.exchange.simulator.calls import Call
from pool.exchange.simulator.intervals import INTERVALS, Interval
from pool.exchange.simulator.klines import MOST_CANDLES, Klines
from pool.exchange.simulator.listings import LISTED_AT_SECONDS, Listing
from pool.exchange.simulator.market import Market
from pool.exchange.simulator.noise import Integers
from pool.exchange.simulator.parameters import Parameters
from pool.exchange.simulator.problems import Problem, invalid_symbol

_HOUR = 3_600
_LIGHT_INTERVAL_SECONDS = 300  # longer candles may need many hours of market the first time: computed in a thread


class MarketData:
    """`listings` are the symbols that may be asked for."""

    default_depth = 100
    """Levels of a book whose request names none."""

    def __init__(self, market: Market, listings: Mapping[str, Listing], klines: Klines) -> None:
        self._market = market
        self._listings = listings
        self._klines = klines

    async def _candles(self, call: Call) -> bytes:
        symbol, interval = self._symbol(call), _interval(call.parameters)
        limit = call.parameters.limit(500, MOST_CANDLES)
        span = call.parameters.integer("startTime"), call.parameters.integer("endTime")
        if interval.seconds and interval.seconds <= _LIGHT_INTERVAL_SECONDS:
            return self._klines.body(symbol, interval, limit, *span, call.second)
        async with self._klines.heavy:
            return await asyncio.to_thread(self._klines.body, symbol, interval, limit, *span, call.second)

    def _depth(self, call: Call) -> bytes:
        listing, levels = self._listing(call), call.parameters.limit(self.default_depth, 5_000)
        book = make_book(listing, self._market.ticks(listing.symbol, call.second), call.second, levels)
        return rendering.depth(listing, book, call.second)

    def _trades(self, call: Call) -> bytes:
        listing, limit = self._listing(call), call.parameters.limit(500, 1_000)
        first = call.parameters.integer("fromId")
        if first is None:
            first = call.second - limit + 1
        return self._trade_list(listing, first, min(call.second, first + limit - 1), call.second, aggregated=False)

    def _agg_trades(self, call: Call) -> bytes:
        listing, limit = self._listing(call), call.parameters.limit(500, 1_000)
        start, end = call.parameters.integer("startTime"), call.parameters.integer("endTime")
        first = call.parameters.integer("fromId")
        last = call.second if end is None else min(call.second, end // 1000)
        if first is None:
            first = last - limit + 1 if start is None else -(-start // 1000)
        return self._trade_list(listing, first, min(last, first + limit - 1), call.second, aggregated=True)

    def _trade_list(self, listing: Listing, first: int, last: int, second: int, aggregated: bool) -> bytes:
        first = max(first, LISTED_AT_SECONDS)
        if first > last:
            return b"[]"
        bars = self._market.bars(listing.symbol, INTERVALS["1s"], first, last, second)
        bought = rendering.to_bools(self._market.taker_bought(np.arange(first, last + 1)))
        return rendering.joined(rendering.trade_rows(listing, first, bars, bought, aggregated))

    def _asked(self, call: Call) -> tuple[list[Listing], Integers]:
        symbols = call.parameters.symbols()
        if symbols is None:
            return list(self._listings.values()), self._all_ticks(call.second)
        listings = [self._known(symbol) for symbol in symbols]
        return listings, np.array([self._market.ticks(listing.symbol, call.second) for listing in listings])

    def _all_ticks(self, second: int) -> Integers:
        """Price of every symbol, in the order of `listings`."""
        return np.array([self._market.ticks(symbol, second) for symbol in self._listings], dtype=np.int64)

    @staticmethod
    def _one_or_all(call: Call, rows: list[bytes]) -> bytes:
        return rows[0] if call.parameters.text("symbol") is not None else rendering.joined(rows)

    def _symbol(self, call: Call) -> str:
        return self._listing(call).symbol

    def _listing(self, call: Call) -> Listing:
        return self._known(call.parameters.required("symbol"))

    def _known(self, symbol: str) -> Listing:
        listing = self._listings.get(symbol)
        if listing is None:
            raise invalid_symbol()
        return listing


def day_start(second: int) -> int:
    """Where the bars of a 24-hour ticker begin: on the hour."""
    return (second // _HOUR - 23) * _HOUR


def depth_weight(parameters: Parameters) -> int:
    limit = parameters.limit(100, 5_000)
    return 5 if limit <= 100 else 25 if limit <= 500 else 50 if limit <= 1_000 else 250


def _interval(parameters: Parameters) -> Interval:
    interval = INTERVALS.get(parameters.required("interval"))
    if interval is None:
        raise Problem(400, -1120, "Invalid interval.")
    return interval
