"""The rehearsal's exchange says what Binance says, as far as a bot asks."""

import itertools

import ccxt

from pool.zygote.rehearsal_exchange import COINS, answer


def test_candles_follow_each_other_and_hold_their_prices() -> None:
    candles = answer("/api/v3/klines", {"symbol": "BTCUSDT", "interval": "5m", "limit": "50"})
    assert len(candles) == 50
    assert {later[0] - earlier[0] for earlier, later in itertools.pairwise(candles)} == {300_000}
    for _, open_, high, low, close, *_ in candles:
        assert float(low) < min(float(open_), float(close)) <= max(float(open_), float(close)) < float(high)


def test_ccxt_reads_its_markets_tickers_and_book() -> None:
    exchange = ccxt.binance({"options": {"crossMarginPairsData": [], "isolatedMarginPairsData": []}})
    symbols = answer("/api/v3/exchangeInfo", {})["symbols"]
    parsed = [exchange.parse_market(symbol) for symbol in symbols]
    assert {market["base"] for market in parsed} == set(COINS)
    assert all(market["spot"] and market["active"] for market in parsed)
    tickers = answer("/api/v3/ticker/24hr", {})
    assert len(tickers) == len(COINS)
    assert exchange.parse_ticker(tickers[0])["last"] > 0
    book = answer("/api/v3/depth", {"symbol": "ETHUSDT"})
    assert float(book["bids"][0][0]) < float(book["asks"][0][0])


def test_what_it_does_not_rehearse_it_does_not_answer() -> None:
    assert answer("/api/v3/account", {}) is None
