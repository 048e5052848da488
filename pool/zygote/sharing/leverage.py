"""Leverage tiers read once by the zygote: in dry-run FreqTrade's Binance takes them from a file of 3 MB that comes with
it, which every bot on futures would parse for itself.

Hooks FreqTrade's `Exchange.fill_leverage_tiers`. What is shared was made by the unhooked method, and nobody changes it.
"""

from collections.abc import Callable
from typing import Any

from freqtrade.enums import TradingMode
from freqtrade.exchange.binance import Binance
from freqtrade.exchange.exchange import Exchange as FreqtradeExchange

_tiers: dict[str, list[Any]] = {}
_original: Any = None


def install() -> Callable[[], None]:
    """Puts the hook in, with the tiers read; the answer takes it out again."""
    global _original
    _original = FreqtradeExchange.fill_leverage_tiers
    _tiers.update(_read())
    FreqtradeExchange.fill_leverage_tiers = _fill_leverage_tiers
    return _uninstall


def _uninstall() -> None:
    FreqtradeExchange.fill_leverage_tiers = _original
    _tiers.clear()


def _read() -> dict[str, list[Any]]:
    """As FreqTrade reads them, by an exchange that has nothing but what that takes."""
    exchange: Any = Binance.__new__(Binance)
    exchange._config, exchange.trading_mode, exchange._leverage_tiers = {"dry_run": True}, TradingMode.FUTURES, {}
    exchange._api = exchange._api_async = exchange._ws_async = exchange._exchange_ws = exchange.loop = None
    _original(exchange)
    tiers: dict[str, list[Any]] = exchange._leverage_tiers
    return tiers


def _fill_leverage_tiers(self: Any) -> None:
    """Hook of FreqTrade's `Exchange.fill_leverage_tiers`."""
    if type(self) is Binance and self._config["dry_run"] and self.trading_mode == TradingMode.FUTURES:
        self._leverage_tiers.update(_tiers)
    else:
        _original(self)
