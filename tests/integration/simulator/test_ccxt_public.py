"""What ccxt sees of the market without a key."""

import asyncio
from typing import Any

import ccxt
import pytest

from pool.exchange.urls import paper_urls
from tests.integration.simulator.conftest import Rig

TIMEFRAMES = list(ccxt.binance().timeframes)


async def test_markets_load_with_binances_precisions(rig: Rig) -> None:
    client = rig.client()

    markets = await client.load_markets()

    spot = [market for market in markets.values() if market["spot"]]
    assert len(spot) == 40
    assert {market["id"] for market in spot} == set(rig.exchange.market.order)
    bitcoin = markets["BTC/USDT"]
    assert bitcoin["active"]
    assert bitcoin["precision"]["price"] == 0.01
    assert bitcoin["precision"]["amount"] == 0.00001
    assert bitcoin["limits"]["cost"]["min"] == 5
    assert bitcoin["limits"]["market"]["max"] > 0


@pytest.mark.parametrize("timeframe", TIMEFRAMES)
async def test_candles_of_every_timeframe_end_at_the_ticker(rig: Rig, timeframe: str) -> None:
    client = rig.client()
    await rig.control("POST", "prices/flat")

    candles = await client.fetch_ohlcv("ETH/USDT", timeframe, limit=30)
    ticker = await client.fetch_ticker("ETH/USDT")
    book = await client.fetch_order_book("ETH/USDT", 5)

    assert len(candles) == 30
    opens = [candle[0] for candle in candles]
    assert opens == sorted(set(opens))
    assert candles[-1][4] == ticker["last"]
    assert book["bids"][0][0] < ticker["last"] < book["asks"][0][0]
    assert (ticker["bid"], ticker["ask"]) == (book["bids"][0][0], book["asks"][0][0])


async def test_longer_candles_are_the_sum_of_minutes(rig: Rig) -> None:
    client = rig.client()
    await rig.control("POST", "prices/flat")
    rig.stand_still()

    (hour,) = await client.fetch_ohlcv("BTC/USDT", "1h", limit=1)
    minutes = await client.fetch_ohlcv("BTC/USDT", "1m", since=hour[0], limit=60)

    assert hour[1] == minutes[0][1]
    assert hour[2] == max(minute[2] for minute in minutes)
    assert hour[3] == min(minute[3] for minute in minutes)
    assert hour[4] == minutes[-1][4]
    assert hour[5] == pytest.approx(sum(minute[5] for minute in minutes))


async def test_tickers_of_all_and_of_some(rig: Rig) -> None:
    client = rig.client()
    await client.load_markets()
    await rig.control("POST", "prices/flat")
    rig.stand_still()

    everything = await client.fetch_tickers()
    some = await client.fetch_tickers(["BTC/USDT", "ETH/BTC"])
    best = await client.fetch_bids_asks()
    last = await client.fetch_last_prices()

    assert len(everything) == len(best) == len(last) == 40
    assert set(some) == {"BTC/USDT", "ETH/BTC"}
    for symbol, ticker in everything.items():
        assert ticker["low"] <= ticker["last"] <= ticker["high"]
        assert best[symbol]["bid"] < ticker["last"] < best[symbol]["ask"]
        assert last[symbol]["price"] == ticker["last"]
        assert ticker["quoteVolume"] > 0
    for symbol, ticker in some.items():
        for column in ("open", "high", "low", "last"):
            assert ticker[column] == everything[symbol][column]


async def test_trades_happen_at_the_prices_of_the_candles(rig: Rig) -> None:
    client = rig.client()
    rig.stand_still()

    trades = await client.fetch_trades("BTC/USDT", limit=50)
    candles = await client.fetch_ohlcv("BTC/USDT", "1s", since=trades[0]["timestamp"], limit=50)

    assert [trade["price"] for trade in trades] == [candle[4] for candle in candles]
    assert [trade["amount"] for trade in trades] == [candle[5] for candle in candles]


async def test_history_goes_back_to_the_listing_and_no_further(rig: Rig) -> None:
    client = rig.client()

    first = await client.fetch_ohlcv("BTC/USDT", "1m", since=0, limit=2)

    assert client.iso8601(first[0][0]) == "2023-01-01T00:00:00.000Z"


async def test_scripted_prices_show_everywhere_at_once(rig: Rig) -> None:
    client = rig.client()
    await client.fetch_ticker("SOL/USDT")
    await rig.price("SOLUSDT", 77)

    assert (await client.fetch_ticker("SOL/USDT"))["last"] == 77
    assert (await client.fetch_ohlcv("SOL/USDT", "5m", limit=1))[0][4] == 77
    assert (await client.fetch_tickers())["SOL/USDT"]["last"] == 77
    assert (await client.fetch_order_book("SOL/USDT", 5))["asks"][0][0] == pytest.approx(77, rel=0.001)


async def test_a_crash_of_everything_leaves_money_alone(rig: Rig) -> None:
    client = rig.client()
    await rig.control("POST", "prices/flat")
    before = await client.fetch_tickers()

    await rig.control("POST", "prices/crash", ratio="0.5")
    after = await client.fetch_tickers()

    ratios = {symbol: after[symbol]["last"] / before[symbol]["last"] for symbol in before}
    assert ratios["BTC/USDT"] == pytest.approx(0.5, rel=0.01)
    assert ratios["EUR/USDT"] == pytest.approx(1, rel=0.01)
    assert ratios["ETH/BTC"] == pytest.approx(1, rel=0.01)


async def test_the_synchronous_client_works_too(rig: Rig) -> None:
    client = ccxt.binance({"enableRateLimit": False})
    client.urls["api"] = paper_urls(rig.url, client.urls["api"])

    def use() -> tuple[int, float, int]:
        candles: list[Any] = client.fetch_ohlcv("BTC/USDT", "1m", limit=1000)
        return len(client.load_markets()), client.fetch_ticker("BTC/USDT")["last"], len(candles)

    markets, last, candles = await asyncio.to_thread(use)

    assert markets >= 40
    assert last > 0
    assert candles == 1_000
