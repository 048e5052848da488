"""Endpoints that need no key: what a market looks like."""

import asyncio

from pool.exchange.simulator import rendering
from pool.exchange.simulator.bars import Bars
from pool.exchange.simulator.calls import Call, Endpoint, Endpoints
from pool.exchange.simulator.klines import Klines
from pool.exchange.simulator.limits import WeightLimit
from pool.exchange.simulator.listings import STABLE, Asset
from pool.exchange.simulator.market import Market
from pool.exchange.simulator.market_data import MarketData, day_start, depth_weight
from pool.exchange.simulator.noise import Integers
from pool.exchange.simulator.parameters import Parameters

_INVERSE_SHOWN = 2


class PublicApi(MarketData):
    """`/api/v3` market data, and the part of `/dapi` that ccxt loads beside it."""

    def __init__(self, market: Market, assets: dict[str, Asset], weights: WeightLimit, klines: Klines) -> None:
        super().__init__(market, market.listings, klines)
        self._weights = weights
        self._infos = {
            symbol: rendering.as_json(rendering.symbol_info(listing)) for symbol, listing in market.listings.items()
        }
        self._info: tuple[int, bytes] = (0, b"")
        self._inverse = [asset for asset in assets.values() if asset.name not in STABLE][:_INVERSE_SHOWN]
        self._days: tuple[int, Bars] | None = None

    def endpoints(self) -> Endpoints:
        table: Endpoints = {}
        for version in ("/api/v3", "/api/v1"):
            table |= {
                ("GET", f"{version}/ping"): Endpoint(lambda _: b"{}"),
                ("GET", f"{version}/time"): Endpoint(lambda call: b'{"serverTime":%d}' % call.now_ms),
                ("GET", f"{version}/exchangeInfo"): Endpoint(self._exchange_info, lambda _: 20, shared=True),
                ("GET", f"{version}/klines"): Endpoint(self._candles, lambda _: 2, shared=True),
                ("GET", f"{version}/uiKlines"): Endpoint(self._candles, lambda _: 2, shared=True),
                ("GET", f"{version}/depth"): Endpoint(self._depth, depth_weight, shared=True),
                ("GET", f"{version}/trades"): Endpoint(self._trades, lambda _: 25, shared=True),
                ("GET", f"{version}/historicalTrades"): Endpoint(self._trades, lambda _: 25, shared=True),
                ("GET", f"{version}/aggTrades"): Endpoint(self._agg_trades, lambda _: 4, shared=True),
                ("GET", f"{version}/avgPrice"): Endpoint(self._average, lambda _: 2, shared=True),
                ("GET", f"{version}/ticker/24hr"): Endpoint(self._day_tickers, _day_weight, shared=True),
                ("GET", f"{version}/ticker/price"): Endpoint(self._prices, _ticker_weight, shared=True),
                ("GET", f"{version}/ticker/bookTicker"): Endpoint(self._book_tickers, _ticker_weight, shared=True),
            }
        table[("GET", "/dapi/v1/ping")] = Endpoint(lambda _: b"{}")
        table[("GET", "/dapi/v1/time")] = Endpoint(lambda call: b'{"serverTime":%d}' % call.now_ms)
        table[("GET", "/dapi/v1/exchangeInfo")] = Endpoint(self._inverse_info, shared=True)
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

    def _inverse_info(self, call: Call) -> bytes:
        return rendering.inverse_info(self._inverse, call.second)

    def _average(self, call: Call) -> bytes:
        listing = self._listing(call)
        mean = self._market.path(listing.symbol, call.second - 299, call.second).mean() * 10.0**-listing.price_digits
        return b'{"mins":5,"price":"%.8f","closeTime":%d}' % (mean, call.now_ms)

    async def _day_tickers(self, call: Call) -> bytes:
        symbols = call.parameters.symbols()
        start = day_start(call.second)
        if symbols is None:
            async with self._klines.heavy:
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

    def _all_ticks(self, second: int) -> Integers:
        """In one pass."""
        return self._market.last_ticks(second)

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


def _day_weight(parameters: Parameters) -> int:
    symbols = parameters.symbols()
    if symbols is None or len(symbols) > 100:
        return 80
    return 2 if len(symbols) <= 20 else 40


def _ticker_weight(parameters: Parameters) -> int:
    return 2 if parameters.text("symbol") is not None else 4
