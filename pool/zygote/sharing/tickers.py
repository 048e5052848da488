"""Conversion rates from the few tickers they need.

`Exchange.get_conversion_rate` fetches and keeps the tickers of all symbols, for one rate: 12 MB a bot with 1,500
symbols. The hook fetches those of the pairs asked for until now, in one request, and keeps them as long as FreqTrade
would. It serves spot bots on shared markets; where a pair or a ticker is missing, FreqTrade's own way is taken.
"""

from collections.abc import Callable
from typing import Any

from freqtrade.enums import TradingMode
from freqtrade.exchange.exchange import Exchange as FreqtradeExchange
from freqtrade.misc import safe_value_fallback
from freqtrade.util import FtTTLCache

from pool.zygote.sharing import markets

_KEEP_SECONDS = 600
_MOST_SYMBOLS = 100
"""More than Binance answers in one request of single symbols at a low weight."""
_original: Any = None


def install() -> Callable[[], None]:
    """Puts the hook in; the answer takes it out again."""
    global _original
    _original = FreqtradeExchange.get_conversion_rate
    FreqtradeExchange.get_conversion_rate = _get_conversion_rate
    return _uninstall


def _uninstall() -> None:
    FreqtradeExchange.get_conversion_rate = _original


def _get_conversion_rate(self: Any, coin: str, currency: str, *, cached: bool = True) -> float | None:
    """Hook of FreqTrade's `Exchange.get_conversion_rate`."""
    if cached and coin != currency and self.trading_mode == TradingMode.SPOT and markets.are_shared(self._markets):
        for pair, inverse in ((f"{coin}/{currency}", False), (f"{currency}/{coin}", True)):
            if self._markets.get(pair, {}).get("active"):
                rate = _last_rate(self, pair)
                if rate:
                    return 1.0 / rate if inverse else rate
                break
    original: float | None = _original(self, coin, currency, cached=cached)
    return original


def _last_rate(exchange: Any, pair: str) -> float | None:
    kept: FtTTLCache = vars(exchange).setdefault(
        "_flotilla_rates", FtTTLCache(maxsize=_MOST_SYMBOLS, ttl=_KEEP_SECONDS)
    )
    wanted: dict[str, None] = vars(exchange).setdefault("_flotilla_rate_pairs", {})
    with exchange._cache_lock:
        rate: float | None = kept.get(pair)
    if rate:
        return rate
    if pair not in wanted and len(wanted) >= _MOST_SYMBOLS:
        return None
    wanted[pair] = None
    tickers = exchange.get_tickers(sorted(wanted))
    with exchange._cache_lock:
        # `get_tickers` keeps what it fetched as if it were all tickers.
        exchange._fetch_tickers_cache.pop("fetch_tickers", None)
        for symbol, ticker in tickers.items():
            kept[symbol] = safe_value_fallback(ticker, "last", "ask")
        found: float | None = kept.get(pair)
    return found
