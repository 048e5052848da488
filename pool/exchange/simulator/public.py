"""Endpoints that need no key: what a market looks like."""

import asyncio
from collections.abc import Callable

import numpy as np

from pool.exchange.simulator import rendering
from pool.exchange.simulator.bars import Bars
from pool.exchange.simulator.book import make_book
from pool.exchange.simulator.calls import Call, Endpoint, Endpoints
from pool.exchange.simulator.intervals import INTERVALS, Interval
from pool.exchange.simulator.klines import MOST_CANDLES, Klines
from pool.exchange.simulator.limits import WeightLimit
from pool.exchange.simulator.listings import LISTED_AT_SECONDS, STABLE, Asset, Listing
from pool.exchange.simulator.market import Market
from pool.exchange.simulator.parameters import Parameters
from pool.exchange.simulator.problems import Problem, invalid_symbol

_HOUR = 3_600
_LIGHT_INTERVAL_SECONDS = 300  # longer candles may need many hours of market the first time: computed in a thread
_FUTURES_SHOWN = 10


class PublicApi:
    """`/api/v3` market data, and the parts of `/fapi` and `/dapi` that ccxt loads beside it."""

    def __init__(self, market: Market, assets: dict[str, Asset], weights: WeightLimit) -> None:
        self._market = market
        self._klines = Klines(market)
        self._weights = weights
        self._infos = {
            symbol: rendering.as_json(rendering.symbol_info(listing)) for symbol, listing in market.listings.items()
        }
        self._info: tuple[int, bytes] = (0, b"")
        self._futures = [asset for asset in assets.values() if asset.name not in STABLE][:_FUTURES_SHOWN]
        self._days: tuple[int, Bars] | None = None
        self._heavy = asyncio.Lock()

    def endpoints(self) -> Endpoints:
        table: Endpoints = {}
        for version in ("/api/v3", "/api/v1"):
            table |= {
                ("GET", f"{version}/ping"): Endpoint(lambda _: b"{}"),
                ("GET", f"{version}/time"): Endpoint(lambda call: b'{"serverTime":%d}' % call.now_ms),
                ("GET", f"{version}/exchangeInfo"): Endpoint(self._exchange_info, lambda _: 20, shared=True),
                ("GET", f"{version}/klines"): Endpoint(self._candles, lambda _: 2, shared=True),
                ("GET", f"{version}/uiKlines"): Endpoint(self._candles, lambda _: 2, shared=True),
                ("GET", f"{version}/depth"): Endpoint(self._depth, _depth_weight, shared=True),
                ("GET", f"{version}/trades"): Endpoint(self._trades, lambda _: 25, shared=True),
                ("GET", f"{version}/historicalTrades"): Endpoint(self._trades, lambda _: 25, shared=True),
                ("GET", f"{version}/aggTrades"): Endpoint(self._agg_trades, lambda _: 4, shared=True),
                ("GET", f"{version}/avgPrice"): Endpoint(self._average, lambda _: 2, shared=True),
                ("GET", f"{version}/ticker/24hr"): Endpoint(self._day_tickers, _day_weight, shared=True),
                ("GET", f"{version}/ticker/price"): Endpoint(self._prices, _ticker_weight, shared=True),
                ("GET", f"{version}/ticker/bookTicker"): Endpoint(self._book_tickers, _ticker_weight, shared=True),
            }
        for family, linear in (("fapi", True), ("dapi", False)):
            table[("GET", f"/{family}/v1/ping")] = Endpoint(lambda _: b"{}")
            table[("GET", f"/{family}/v1/time")] = Endpoint(lambda call: b'{"serverTime":%d}' % call.now_ms)
            table[("GET", f"/{family}/v1/exchangeInfo")] = Endpoint(self._futures_info(linear), shared=True)
        table[("GET", "/eapi/v1/exchangeInfo")] = Endpoint(lambda _: b'{"timezone":"UTC","optionSymbols":[]}')
        table[("GET", "/sapi/v1/system/status")] = Endpoint(lambda _: b'{"status":0,"msg":"normal"}')
        return table

    def _exchange_info(self, call: Call) -> bytes:
        symbols = call.parameters.symbols()
        if symbols is not None:
            entries = [self._infos[self._known(symbol).symbol] for symbol in symbols]
            return rendering.exchange_info(entries, self._weights.limit, call.second)
        if self._info[0] != call.second // 60:  # its server time is a minute old at most
            body = rendering.exchange_info(list(self._infos.values()), self._weights.limit, call.second)
            self._info = (call.second // 60, body)
        return self._info[1]

    def _futures_info(self, linear: bool) -> Callable[[Call], bytes]:
        assets = self._futures if linear else self._futures[:2]
        return lambda call: rendering.futures_info(assets, linear, call.second)

    async def _candles(self, call: Call) -> bytes:
        symbol, interval = self._symbol(call), _interval(call.parameters)
        limit = call.parameters.limit(500, MOST_CANDLES)
        span = call.parameters.integer("startTime"), call.parameters.integer("endTime")
        if interval.seconds and interval.seconds <= _LIGHT_INTERVAL_SECONDS:
            return self._klines.body(symbol, interval, limit, *span, call.second)
        async with self._heavy:
            return await asyncio.to_thread(self._klines.body, symbol, interval, limit, *span, call.second)

    def _depth(self, call: Call) -> bytes:
        listing, levels = self._listing(call), call.parameters.limit(100, 5_000)
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

    def _average(self, call: Call) -> bytes:
        listing = self._listing(call)
        mean = self._market.path(listing.symbol, call.second - 299, call.second).mean() * 10.0**-listing.price_digits
        return b'{"mins":5,"price":"%.8f","closeTime":%d}' % (mean, call.now_ms)

    async def _day_tickers(self, call: Call) -> bytes:
        symbols = call.parameters.symbols()
        start = (call.second // _HOUR - 23) * _HOUR
        if symbols is None:
            async with self._heavy:
                bars = await asyncio.to_thread(self._all_days, start, call.second)
            names = self._market.order
        else:
            names = [self._known(symbol).symbol for symbol in symbols]
            bars = self._market.span_bars(names, start, call.second + 1)
        rows = [
            rendering.ticker_24hr(self._market.listings[name], bars, place, call.second)
            for place, name in enumerate(names)
        ]
        return self._one_or_all(call, rows)

    def _all_days(self, start: int, second: int) -> Bars:
        """Day bars of every symbol: up to the last whole minute from memory, then the growing minute."""
        minute = second // 60 * 60
        if self._days is None or self._days[0] != minute:
            self._days = (minute, self._market.span_bars(self._market.order, start, minute))
        return self._days[1].extended(self._market.present_minutes(second))

    def _prices(self, call: Call) -> bytes:
        listings, ticks = self._asked(call)
        return self._one_or_all(call, rendering.prices(listings, ticks))

    def _book_tickers(self, call: Call) -> bytes:
        listings, ticks = self._asked(call)
        return self._one_or_all(call, rendering.book_tickers(listings, ticks))

    def _asked(self, call: Call) -> tuple[list[Listing], np.ndarray[tuple[int], np.dtype[np.int64]]]:
        symbols = call.parameters.symbols()
        if symbols is None:
            return list(self._market.listings.values()), self._market.last_ticks(call.second)
        listings = [self._known(symbol) for symbol in symbols]
        return listings, np.array([self._market.ticks(listing.symbol, call.second) for listing in listings])

    @staticmethod
    def _one_or_all(call: Call, rows: list[bytes]) -> bytes:
        return rows[0] if call.parameters.text("symbol") is not None else rendering.joined(rows)

    def _symbol(self, call: Call) -> str:
        return self._listing(call).symbol

    def _listing(self, call: Call) -> Listing:
        return self._known(call.parameters.required("symbol"))

    def _known(self, symbol: str) -> Listing:
        listing = self._market.listings.get(symbol)
        if listing is None:
            raise invalid_symbol()
        return listing


def _interval(parameters: Parameters) -> Interval:
    interval = INTERVALS.get(parameters.required("interval"))
    if interval is None:
        raise Problem(400, -1120, "Invalid interval.")
    return interval


def _depth_weight(parameters: Parameters) -> int:
    limit = parameters.limit(100, 5_000)
    return 5 if limit <= 100 else 25 if limit <= 500 else 50 if limit <= 1_000 else 250


def _day_weight(parameters: Parameters) -> int:
    symbols = parameters.symbols()
    if symbols is None or len(symbols) > 100:
        return 80
    return 2 if len(symbols) <= 20 else 40


def _ticker_weight(parameters: Parameters) -> int:
    return 2 if parameters.text("symbol") is not None else 4
