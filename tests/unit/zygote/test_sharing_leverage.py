"""Bots on futures share what FreqTrade would read from its file."""

from typing import Any

import pytest
from freqtrade.enums import TradingMode
from freqtrade.exchange.binance import Binance

from pool.zygote.sharing import leverage


def exchange(mode: TradingMode, dry_run: bool = True) -> Any:
    made: Any = Binance.__new__(Binance)
    made._config, made.trading_mode, made._leverage_tiers = {"dry_run": dry_run}, mode, {}
    made._api = made._api_async = made._ws_async = made._exchange_ws = made.loop = None
    return made


def test_a_dry_bot_gets_the_tiers_that_freqtrade_reads() -> None:
    plain, first, second = (exchange(TradingMode.FUTURES) for _ in range(3))
    plain.fill_leverage_tiers()
    remove = leverage.install()
    try:
        first.fill_leverage_tiers()
        second.fill_leverage_tiers()
    finally:
        remove()
    assert first._leverage_tiers == plain._leverage_tiers
    pair = next(iter(plain._leverage_tiers))
    assert first._leverage_tiers[pair] is second._leverage_tiers[pair]
    assert first._leverage_tiers[pair] is not plain._leverage_tiers[pair]


@pytest.mark.parametrize(("mode", "dry_run"), [(TradingMode.SPOT, True), (TradingMode.FUTURES, False)])
def test_others_ask_as_ever(mode: TradingMode, dry_run: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Binance, "get_leverage_tiers", lambda self: {})
    remove = leverage.install()
    try:
        other = exchange(mode, dry_run)
        other.fill_leverage_tiers()
    finally:
        remove()
    assert other._leverage_tiers == {}
