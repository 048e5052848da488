"""Conversion rates from few tickers equal those from all."""

from collections.abc import Iterator
from threading import Lock
from types import SimpleNamespace
from typing import Any

import pytest
from freqtrade.enums import TradingMode
from freqtrade.exchange.exchange import Exchange
from freqtrade.util import FtTTLCache

from pool.zygote.sharing import markets, tickers

MARKETS = {
    "BTC/USDT": {"active": True},
    "ETH/USDT": {"active": True},
    "USDT/BRL": {"active": True},
    "OLD/USDT": {"active": False},
}
TICKERS = {"BTC/USDT": {"last": 50_000.0}, "ETH/USDT": {"last": None, "ask": 2_000.0}, "USDT/BRL": {"last": 5.0}}


class Bot(Exchange):  # type: ignore[misc]
    """Only what conversion needs."""

    def __init__(self) -> None:
        self._ft_has = {"proxy_coin_mapping": {}}
        self.trading_mode = TradingMode.SPOT
        self._markets = MARKETS
        self._cache_lock = Lock()
        self._fetch_tickers_cache = FtTTLCache(maxsize=4, ttl=600)
        self.asked: list[Any] = []

    def close(self) -> None:
        """Nothing was opened."""

    def get_tickers(self, symbols: Any = None, *, cached: bool = False, market_type: Any = None) -> Any:
        self.asked.append(symbols)
        found = {pair: ticker for pair, ticker in TICKERS.items() if symbols is None or pair in symbols}
        self._fetch_tickers_cache["fetch_tickers"] = found
        return found


@pytest.fixture
def bot(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bot]:
    remove = tickers.install()
    monkeypatch.setattr(markets, "_template", SimpleNamespace(source=SimpleNamespace(markets=MARKETS)))
    yield Bot()
    remove()


@pytest.mark.parametrize(
    ("coin", "currency"), [("BTC", "USDT"), ("USDT", "BTC"), ("ETH", "USDT"), ("BRL", "USDT"), ("USDT", "USDT")]
)
def test_the_rate_is_freqtrades_own(bot: Bot, coin: str, currency: str) -> None:
    plain = Bot()
    expected = tickers._original(plain, coin, currency)
    assert bot.get_conversion_rate(coin, currency) == expected
    assert None not in bot.asked


def test_rates_are_kept_and_fetched_together(bot: Bot) -> None:
    for _ in range(3):
        bot.get_conversion_rate("BTC", "USDT")
        bot.get_conversion_rate("ETH", "USDT")
    assert bot.asked == [["BTC/USDT"], ["BTC/USDT", "ETH/USDT"]]


def test_what_was_fetched_does_not_pass_for_all_tickers(bot: Bot) -> None:
    bot.get_conversion_rate("BTC", "USDT")
    assert "fetch_tickers" not in bot._fetch_tickers_cache


@pytest.mark.parametrize(("coin", "currency"), [("OLD", "USDT"), ("XXX", "USDT")])
def test_where_no_active_pair_is_known_freqtrades_way_is_taken(bot: Bot, coin: str, currency: str) -> None:
    assert bot.get_conversion_rate(coin, currency) is None


@pytest.mark.parametrize("why", ["futures", "own markets", "uncached"])
def test_other_bots_take_freqtrades_way(bot: Bot, why: str) -> None:
    if why == "futures":
        bot.trading_mode = TradingMode.FUTURES
    if why == "own markets":
        bot._markets = dict(MARKETS)
    assert bot.get_conversion_rate("BTC", "USDT", cached=why != "uncached") == 50_000.0
    assert bot.asked[0] is None
