"""Turns bars, books and listings into the bytes that Binance would send."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from pool.exchange.simulator.bars import Bars
from pool.exchange.simulator.book import Book, inside
from pool.exchange.simulator.intervals import Interval
from pool.exchange.simulator.listings import Asset, Listing
from pool.exchange.simulator.noise import Integers

ORDER_TYPES = (
    "LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT",
)  # fmt: skip
MOST_OPEN_ORDERS = 200
MOST_STOP_ORDERS = 5
PRICE_BAND_UP, PRICE_BAND_DOWN = 5, 5


def as_json(value: Any) -> bytes:
    """Compact JSON."""
    return json.dumps(value, separators=(",", ":")).encode()


def kline_rows(listing: Listing, interval: Interval, first: int, bars: Bars) -> list[bytes]:
    """One JSON row for each bar, the first of which has number `first`."""
    price_unit, lot_unit = 10.0**-listing.price_digits, 10.0**-listing.lot_digits
    opens = [interval.opens(first + place) * 1000 for place in range(len(bars) + 1)]
    columns = zip(
        opens,
        (bars.open * price_unit).tolist(),
        (bars.high * price_unit).tolist(),
        (bars.low * price_unit).tolist(),
        (bars.close * price_unit).tolist(),
        (bars.volume * lot_unit).tolist(),
        [following - 1 for following in opens[1:]],
        (bars.turnover * (price_unit * lot_unit)).tolist(),
        bars.trades.tolist(),
        (bars.taker_volume * lot_unit).tolist(),
        (bars.taker_turnover * (price_unit * lot_unit)).tolist(),
        strict=False,
    )
    return [b'[%d,"%.8f","%.8f","%.8f","%.8f","%.8f",%d,"%.8f",%d,"%.8f","%.8f","0"]' % row for row in columns]


def ticker_24hr(listing: Listing, bars: Bars, place: int, second: int) -> bytes:
    """One 24-hour ticker from row `place` of day bars."""
    unit, lot = 10.0**-listing.price_digits, 10.0**-listing.lot_digits
    opened, last = bars.open[place] * unit, bars.close[place] * unit
    volume, turnover = bars.volume[place] * lot, bars.turnover[place] * unit * lot
    bid, ask = inside(int(bars.close[place]))
    hour_start = (second // 3600 - 23) * 3600
    return (
        b'{"symbol":"%s","priceChange":"%.8f","priceChangePercent":"%.3f","weightedAvgPrice":"%.8f",'
        b'"prevClosePrice":"%.8f","lastPrice":"%.8f","lastQty":"%.8f","bidPrice":"%.8f","bidQty":"%.8f",'
        b'"askPrice":"%.8f","askQty":"%.8f","openPrice":"%.8f","highPrice":"%.8f","lowPrice":"%.8f",'
        b'"volume":"%.8f","quoteVolume":"%.8f","openTime":%d,"closeTime":%d,"firstId":%d,"lastId":%d,"count":%d}'
    ) % (
        listing.symbol.encode(), last - opened, (last / opened - 1) * 100, turnover / volume if volume else last,
        opened, last, listing.minute_lots * lot / 60, bid * unit, listing.minute_lots * lot / 20,
        ask * unit, listing.minute_lots * lot / 20, opened, bars.high[place] * unit, bars.low[place] * unit,
        volume, turnover, hour_start * 1000, second * 1000 + 999, hour_start, second, bars.trades[place],
    )  # fmt: skip


def prices(listings: Sequence[Listing], ticks: Integers) -> list[bytes]:
    """`ticker/price` of each listing."""
    return [
        b'{"symbol":"%s","price":"%.8f"}' % (listing.symbol.encode(), last * 10.0**-listing.price_digits)
        for listing, last in zip(listings, ticks.tolist(), strict=True)
    ]


def book_tickers(listings: Sequence[Listing], ticks: Integers) -> list[bytes]:
    """`ticker/bookTicker` of each listing."""
    rows: list[bytes] = []
    for listing, last in zip(listings, ticks.tolist(), strict=True):
        unit, quantity = 10.0**-listing.price_digits, listing.minute_lots / 20 * 10.0**-listing.lot_digits
        bid, ask = inside(last)
        values = (listing.symbol.encode(), bid * unit, quantity, ask * unit, quantity)
        rows.append(b'{"symbol":"%s","bidPrice":"%.8f","bidQty":"%.8f","askPrice":"%.8f","askQty":"%.8f"}' % values)
    return rows


def depth(listing: Listing, book: Book, second: int) -> bytes:
    """`depth`."""
    unit, lot = 10.0**-listing.price_digits, 10.0**-listing.lot_digits
    sides = [
        b",".join(b'["%.8f","%.8f"]' % (t * unit, q * lot) for t, q in zip(ticks.tolist(), lots.tolist(), strict=True))
        for ticks, lots in ((book.bid_ticks, book.bid_lots), (book.ask_ticks, book.ask_lots))
    ]
    return b'{"lastUpdateId":%d,"bids":[%s],"asks":[%s]}' % (second, sides[0], sides[1])


def trade_rows(listing: Listing, first: int, bars: Bars, bought: Sequence[bool], aggregated: bool) -> list[bytes]:
    """`trades` or `aggTrades` from second bars; a trade's number is its second."""
    unit, lot = 10.0**-listing.price_digits, 10.0**-listing.lot_digits
    rows: list[bytes] = []
    rates, sizes = (bars.close * unit).tolist(), (bars.volume * lot).tolist()
    for place, (rate, size, taker) in enumerate(zip(rates, sizes, bought, strict=True)):
        number, maker = first + place, b"false" if taker else b"true"
        if aggregated:
            values: tuple[Any, ...] = (number, rate, size, number, number, number * 1000, maker)
            rows.append(b'{"a":%d,"p":"%.8f","q":"%.8f","f":%d,"l":%d,"T":%d,"m":%s,"M":true}' % values)
        else:
            values = (number, rate, size, rate * size, number * 1000, maker)
            rows.append(
                b'{"id":%d,"price":"%.8f","qty":"%.8f","quoteQty":"%.8f","time":%d,"isBuyerMaker":%s,"isBestMatch":true}'
                % values
            )
    return rows


def symbol_info(listing: Listing) -> dict[str, Any]:
    """One entry of `exchangeInfo`."""
    return {
        "symbol": listing.symbol,
        "status": "TRADING",
        "baseAsset": listing.base,
        "baseAssetPrecision": 8,
        "quoteAsset": listing.quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": list(ORDER_TYPES),
        "icebergAllowed": False,
        "ocoAllowed": False,
        "otoAllowed": False,
        "quoteOrderQtyMarketAllowed": True,
        "allowTrailingStop": False,
        "cancelReplaceAllowed": True,
        "amendAllowed": False,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": _filters(listing),
        "permissions": [],
        "permissionSets": [["SPOT"]],
        "defaultSelfTradePreventionMode": "NONE",
        "allowedSelfTradePreventionModes": ["NONE"],
    }


def _filters(listing: Listing) -> list[dict[str, Any]]:
    tick, lot = f"{listing.tick:.8f}", f"{listing.lot:.8f}"
    return [
        {"filterType": "PRICE_FILTER", "minPrice": tick, "maxPrice": f"{listing.tick * 10**9:.8f}", "tickSize": tick},
        {"filterType": "LOT_SIZE", "minQty": lot, "maxQty": f"{listing.lot * listing.max_lots:.8f}", "stepSize": lot},
        {"filterType": "ICEBERG_PARTS", "limit": 10},
        {
            "filterType": "MARKET_LOT_SIZE",
            "minQty": "0.00000000",
            "maxQty": f"{listing.lot * listing.max_market_lots:.8f}",
            "stepSize": "0.00000000",
        },
        {
            "filterType": "PERCENT_PRICE_BY_SIDE",
            "bidMultiplierUp": str(PRICE_BAND_UP),
            "bidMultiplierDown": f"{1 / PRICE_BAND_DOWN:g}",
            "askMultiplierUp": str(PRICE_BAND_UP),
            "askMultiplierDown": f"{1 / PRICE_BAND_DOWN:g}",
            "avgPriceMins": 5,
        },
        {
            "filterType": "NOTIONAL",
            "minNotional": f"{listing.min_notional:.8f}",
            "applyMinToMarket": True,
            "maxNotional": "9000000.00000000",
            "applyMaxToMarket": False,
            "avgPriceMins": 5,
        },
        {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": MOST_OPEN_ORDERS},
        {"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": MOST_STOP_ORDERS},
    ]


def exchange_info(entries: Sequence[bytes], weight_limit: int, second: int) -> bytes:
    """`exchangeInfo` around rendered symbols."""
    limits = as_json(
        [
            {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": weight_limit},
            {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 100_000},
            {"rateLimitType": "ORDERS", "interval": "DAY", "intervalNum": 1, "limit": 10_000_000},
        ]
    )
    head = b'{"timezone":"UTC","serverTime":%d,"rateLimits":%s,"exchangeFilters":[],"symbols":[' % (
        second * 1000,
        limits,
    )
    return head + b",".join(entries) + b"]}"


def inverse_info(assets: Sequence[Asset], second: int) -> bytes:
    """`exchangeInfo` of the inverse family, which ccxt loads with spot: perpetuals one can look at, not trade."""
    symbols = [
        {
            "symbol": f"{asset.name}USD_PERP",
            "pair": f"{asset.name}USD",
            "contractType": "PERPETUAL",
            "deliveryDate": 4133404800000,
            "onboardDate": 1672531200000,
            "contractStatus": "TRADING",
            "contractSize": 100 if asset.name == "BTC" else 10,
            "baseAsset": asset.name,
            "quoteAsset": "USD",
            "marginAsset": asset.name,
            "pricePrecision": 2,
            "quantityPrecision": 0,
            "baseAssetPrecision": 8,
            "quotePrecision": 8,
            "filters": [
                {"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "1000000", "tickSize": "0.01"},
                {"filterType": "LOT_SIZE", "minQty": "0.001", "maxQty": "1000", "stepSize": "0.001"},
                {"filterType": "MIN_NOTIONAL", "notional": "5"},
            ],
            "orderTypes": ["LIMIT", "MARKET"],
            "timeInForce": ["GTC", "IOC", "FOK"],
        }
        for asset in assets
    ]
    return as_json(
        {"timezone": "UTC", "serverTime": second * 1000, "rateLimits": [], "exchangeFilters": [], "symbols": symbols}
    )


def joined(rows: Sequence[bytes]) -> bytes:
    """Rendered rows as a JSON list."""
    return b"[" + b",".join(rows) + b"]"


def to_bools(values: np.ndarray[Any, np.dtype[np.bool_]]) -> list[bool]:
    """A mask as Python booleans."""
    flags: list[bool] = values.tolist()
    return flags
