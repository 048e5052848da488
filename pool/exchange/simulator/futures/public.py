"""`/fapi` endpoints that need no key."""

import asyncio

from pool.exchange.simulator.bars import Bars
from pool.exchange.simulator.book import inside
from pool.exchange.simulator.calls import Call, Endpoint, Endpoints
from pool.exchange.simulator.futures.perpetuals import FUNDING_SECONDS, Perpetuals, next_funding
from pool.exchange.simulator.futures.positions import FuturesType
from pool.exchange.simulator.klines import Klines
from pool.exchange.simulator.limits import WeightLimit
from pool.exchange.simulator.listings import LISTED_AT_SECONDS, Listing
from pool.exchange.simulator.market import Market
from pool.exchange.simulator.market_data import MarketData, day_start
from pool.exchange.simulator.parameters import Parameters
from pool.exchange.simulator.rendering import as_json, joined

_MOST_PAYMENTS = 1_000
_PREFIX = "/fapi/v1"


class FuturesPublicApi(MarketData):
    """Market data of the perpetuals. Candles of the mark price are those of the last price, volume included."""

    default_depth = 500

    def __init__(
        self, market: Market, perpetuals: Perpetuals, klines: Klines, weights: WeightLimit | None = None
    ) -> None:
        super().__init__(market, perpetuals.listings, klines)
        self._weights = weights or WeightLimit()
        self._perpetuals = perpetuals
        self._infos = [as_json(_symbol_info(listing)) for listing in perpetuals.listings.values()]
        self._paid: dict[tuple[str, int], bytes] = {}
        """Payments that were asked for: a thousand of them are a usual request, and what is past stays as it was."""

    def endpoints(self) -> Endpoints:
        table = {
            "ping": Endpoint(lambda _: b"{}"),
            "time": Endpoint(lambda call: b'{"serverTime":%d}' % call.now_ms),
            "exchangeInfo": Endpoint(self._exchange_info, shared=True),
            "klines": Endpoint(self._candles, _candles_weight, shared=True),
            "markPriceKlines": Endpoint(self._candles, _candles_weight, shared=True),
            "depth": Endpoint(self._depth, _depth_weight, shared=True),
            "trades": Endpoint(self._trades, lambda _: 5, shared=True),
            "aggTrades": Endpoint(self._agg_trades, lambda _: 20, shared=True),
            "ticker/24hr": Endpoint(self._day_tickers, _day_weight, shared=True),
            "ticker/price": Endpoint(self._prices, _price_weight, shared=True),
            "ticker/bookTicker": Endpoint(self._book_tickers, _book_weight, shared=True),
            "premiumIndex": Endpoint(self._premium_index, shared=True),
            "fundingRate": Endpoint(self._funding_rates, shared=True),
            "fundingInfo": Endpoint(lambda _: b"[]"),
        }
        return {("GET", f"{_PREFIX}/{path}"): endpoint for path, endpoint in table.items()}

    def _exchange_info(self, call: Call) -> bytes:
        return (
            b'{"timezone":"UTC","serverTime":%d,"futuresType":"U_MARGINED","rateLimits":[{"rateLimitType":'
            b'"REQUEST_WEIGHT","interval":"MINUTE","intervalNum":1,"limit":%d}],"exchangeFilters":[],'
            b'"assets":[{"asset":"USDT","marginAvailable":true,"autoAssetExchange":"0"}],"symbols":[%s]}'
        ) % (call.now_ms, self._weights.limit_of("fapi"), b",".join(self._infos))

    async def _day_tickers(self, call: Call) -> bytes:
        symbols = call.parameters.symbols()
        names = list(self._listings) if symbols is None else [self._known(symbol).symbol for symbol in symbols]
        start, end = day_start(call.second), call.second + 1
        async with self._klines.heavy:
            bars = await asyncio.to_thread(self._market.span_bars, names, start, end)
        rows = [_day_ticker(self._listings[name], bars, place, call.second) for place, name in enumerate(names)]
        return self._one_or_all(call, rows)

    def _prices(self, call: Call) -> bytes:
        listings, ticks = self._asked(call)
        rows = [
            b'{"symbol":"%s","price":"%s","time":%d}' % (one.symbol.encode(), _priced(one, last), call.now_ms)
            for one, last in zip(listings, ticks.tolist(), strict=True)
        ]
        return self._one_or_all(call, rows)

    def _book_tickers(self, call: Call) -> bytes:
        listings, ticks = self._asked(call)
        rows = []
        for one, last in zip(listings, ticks.tolist(), strict=True):
            bid, ask = inside(last)
            size = b"%.8f" % (one.minute_lots / 20 * 10.0**-one.lot_digits)
            values = (one.symbol.encode(), _priced(one, bid), size, _priced(one, ask), size, call.now_ms)
            rows.append(
                b'{"symbol":"%s","bidPrice":"%s","bidQty":"%s","askPrice":"%s","askQty":"%s","time":%d}' % values
            )
        return self._one_or_all(call, rows)

    def _premium_index(self, call: Call) -> bytes:
        listings, ticks = self._asked(call)
        due = next_funding(call.second)
        rows = []
        for one, last in zip(listings, ticks.tolist(), strict=True):
            price, rate = _priced(one, last), f"{self._perpetuals.funding_rate(one.symbol, due):f}".encode()
            rows.append(
                b'{"symbol":"%s","markPrice":"%s","indexPrice":"%s","estimatedSettlePrice":"%s","lastFundingRate":"%s",'
                b'"interestRate":"0.00010000","nextFundingTime":%d,"time":%d}'
                % (one.symbol.encode(), price, price, price, rate, due * 1000, call.now_ms)
            )
        return self._one_or_all(call, rows)

    def _funding_rates(self, call: Call) -> bytes:
        parameters = call.parameters
        symbol = parameters.text("symbol")
        listings = list(self._listings.values()) if symbol is None else [self._known(symbol)]
        limit = parameters.limit(100, _MOST_PAYMENTS)
        start, end = parameters.integer("startTime"), parameters.integer("endTime")
        last = min(call.second, call.second if end is None else end // 1000) // FUNDING_SECONDS
        first = last - limit + 1 if start is None else -(-max(start, 0) // 1000) // FUNDING_SECONDS
        if start is not None and first * FUNDING_SECONDS * 1000 < start:
            first += 1
        first = max(first, LISTED_AT_SECONDS // FUNDING_SECONDS)
        rows = [
            self._payment(listing, number * FUNDING_SECONDS, call.second)
            for number in range(first, min(last, first + limit - 1) + 1)
            for listing in listings
        ]
        return joined(rows[:limit])

    def _payment(self, listing: Listing, second: int, now: int) -> bytes:
        known = self._paid.get((listing.symbol, second))
        if known is None:
            rate = f"{self._perpetuals.funding_rate(listing.symbol, second):f}".encode()
            price = _priced(listing, self._market.ticks(listing.symbol, second))
            known = b'{"symbol":"%s","fundingTime":%d,"fundingRate":"%s","markPrice":"%s"}' % (
                listing.symbol.encode(), second * 1000, rate, price,
            )  # fmt: skip
            if second < now:
                self._paid[listing.symbol, second] = known
        return known


def _priced(listing: Listing, ticks: int) -> bytes:
    return f"{ticks * listing.tick:f}".encode()


def _day_ticker(listing: Listing, bars: Bars, place: int, second: int) -> bytes:
    """One 24-hour ticker; other than spot's it tells no bid and ask, by which ccxt tells the two apart."""
    unit, lot = 10.0**-listing.price_digits, 10.0**-listing.lot_digits
    opened, last = bars.open[place] * unit, bars.close[place] * unit
    volume, turnover = bars.volume[place] * lot, bars.turnover[place] * unit * lot
    return (
        b'{"symbol":"%s","priceChange":"%.8f","priceChangePercent":"%.3f","weightedAvgPrice":"%.8f",'
        b'"lastPrice":"%.8f","lastQty":"%.8f","openPrice":"%.8f","highPrice":"%.8f","lowPrice":"%.8f",'
        b'"volume":"%.8f","quoteVolume":"%.8f","openTime":%d,"closeTime":%d,"firstId":%d,"lastId":%d,"count":%d}'
    ) % (
        listing.symbol.encode(), last - opened, (last / opened - 1) * 100, turnover / volume if volume else last, last,
        listing.minute_lots * lot / 60, opened, bars.high[place] * unit, bars.low[place] * unit, volume, turnover,
        day_start(second) * 1000, second * 1000 + 999, day_start(second), second, bars.trades[place],
    )  # fmt: skip


def _symbol_info(listing: Listing) -> dict[str, object]:
    """One entry of `exchangeInfo`."""
    tick, lot = f"{listing.tick:f}", f"{listing.lot:f}"
    return {
        "symbol": listing.symbol,
        "pair": listing.symbol,
        "contractType": "PERPETUAL",
        "deliveryDate": 4133404800000,
        "onboardDate": LISTED_AT_SECONDS * 1000,
        "status": "TRADING",
        "maintMarginPercent": "2.5000",
        "requiredMarginPercent": "5.0000",
        "baseAsset": listing.base,
        "quoteAsset": listing.quote,
        "marginAsset": "USDT",
        "pricePrecision": listing.price_digits,
        "quantityPrecision": listing.lot_digits,
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "underlyingType": "COIN",
        "triggerProtect": "0.0500",
        "liquidationFee": "0.000000",
        "marketTakeBound": "0.05",
        "filters": [
            {"filterType": "PRICE_FILTER", "minPrice": tick, "maxPrice": f"{listing.tick * 10**9:f}", "tickSize": tick},
            {"filterType": "LOT_SIZE", "minQty": lot, "maxQty": f"{listing.lot * listing.max_lots:f}", "stepSize": lot},
            {
                "filterType": "MARKET_LOT_SIZE",
                "minQty": lot,
                "maxQty": f"{listing.lot * listing.max_market_lots:f}",
                "stepSize": lot,
            },
            {"filterType": "MAX_NUM_ORDERS", "limit": 200},
            {"filterType": "MAX_NUM_ALGO_ORDERS", "limit": 100},
            {"filterType": "MIN_NOTIONAL", "notional": f"{listing.min_notional:f}"},
        ],
        "orderTypes": list(FuturesType),
        "timeInForce": ["GTC", "IOC", "FOK", "GTX"],
    }


def _candles_weight(parameters: Parameters) -> int:
    limit = parameters.limit(500, 1_500)
    return 1 if limit < 100 else 2 if limit < 500 else 5 if limit <= 1_000 else 10


def _depth_weight(parameters: Parameters) -> int:
    limit = parameters.limit(FuturesPublicApi.default_depth, 1_000)
    return 2 if limit <= 50 else 5 if limit <= 100 else 10 if limit <= 500 else 20


def _day_weight(parameters: Parameters) -> int:
    return 1 if parameters.text("symbol") is not None else 40


def _price_weight(parameters: Parameters) -> int:
    return 1 if parameters.text("symbol") is not None else 2


def _book_weight(parameters: Parameters) -> int:
    return 2 if parameters.text("symbol") is not None else 5
