"""Which exchanges' prices can be waited for, and what of an answer counts."""

from decimal import Decimal
from typing import Any

import ccxt.async_support as exchanges
import pytest
from freqtrade.exchange.common import SUPPORTED_EXCHANGES

from pool.contract.market import Price
from pool.exchange.gateway.prices import sources
from pool.exchange.gateway.prices.sources import Asked, chosen, price, requests, unusable

_HAS = {"fetch_bids_asks": "fetchBidsAsks", "fetch_tickers": "fetchTickers"}


@pytest.mark.parametrize("exchange", SUPPORTED_EXCHANGES)
def test_of_each_exchange_that_freqtrade_supports_it_is_known_whether_its_prices_are_of_use(exchange: str) -> None:
    why = unusable(exchange)
    if why is None:
        method = requests(exchange, "spot", ["BTC/USDT"])[0].method
        assert getattr(exchanges, exchange)().has[_HAS[method]] is True
    else:
        assert exchange in why
        assert "nobody has compared" not in why


def test_an_exchange_that_nobody_has_read_is_of_no_use() -> None:
    assert "nobody has compared" in (unusable("kucoin") or "")
    assert unusable("paper") is None


def test_both_sides_of_the_book_are_needed() -> None:
    ticker: dict[str, Any] = {"bid": 1.5, "ask": "1.6", "last": None, "timestamp": 1_795_000_000_000}
    expected = Price(bid=Decimal("1.5"), ask=Decimal("1.6"), last=None, exchange_ms=1_795_000_000_000)
    assert price(ticker) == expected
    assert price({**ticker, "last": 1.55, "timestamp": None}) == Price(
        bid=Decimal("1.5"), ask=Decimal("1.6"), last=Decimal("1.55"), exchange_ms=None
    )
    wrong: list[dict[str, Any]] = [{"bid": None}, {"ask": None}, {"bid": 0}, {"bid": "nan"}, {"ask": "x"}, {"bid": 1.7}]
    for worse in wrong:
        assert price({**ticker, **worse}) is None, worse
    assert price({}) is None


def test_a_market_is_found_by_its_id_among_those_of_its_kind() -> None:
    spot = {"symbol": "BTC/USDT", "spot": True, "swap": False, "linear": None, "active": True}
    swap = {"symbol": "BTC/USDT:USDT", "spot": False, "swap": True, "linear": True, "active": True}
    inverse = {"symbol": "BTC/USD:BTC", "spot": False, "swap": True, "linear": False, "active": True}
    assert chosen([inverse, swap, spot], "spot") == "BTC/USDT"
    assert chosen([spot, inverse, swap], "linear") == "BTC/USDT:USDT"
    assert chosen([spot, inverse], "linear") is None
    assert chosen([{**spot, "active": False}], "spot") is None
    assert chosen(None, "spot") is None


def test_futures_are_asked_for_by_what_they_settle_in() -> None:
    symbols = ["BTC/USDC:USDC", "BTC/USDT:USDT", "ETH/USDT:USDT"]
    assert requests("bitget", "linear", symbols) == [
        Asked("fetch_tickers", ["BTC/USDC:USDC"]),
        Asked("fetch_tickers", ["BTC/USDT:USDT", "ETH/USDT:USDT"]),
    ]


def test_more_names_than_binance_takes_are_asked_for_by_asking_for_all() -> None:
    names = [f"C{number}/USDT" for number in range(sources._NAMED + 1)]
    assert requests("binanceus", "spot", names[:-1]) == [Asked("fetch_bids_asks", names[:-1])]
    assert requests("binanceus", "spot", names) == [Asked("fetch_bids_asks", None)]
    assert requests("kraken", "spot", names) == [Asked("fetch_tickers", names)]
