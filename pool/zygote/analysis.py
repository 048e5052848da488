"""No analysis where no candle is new.

With `process_only_new_candles` FreqTrade copies a pair's candles in each loop, finds that it has analysed the last of
them already, resets the signals of the copy and throws it away. The hook looks at the last candle first, without a
copy, and returns where the rest would leave nothing behind: no frame is kept, nothing sent, nothing remembered. Where
a strategy has put something of its own in the place of what would run, and where the log is to tell of it, FreqTrade's
own way is taken.
"""

import logging
from collections.abc import Callable
from typing import Any

from freqtrade.data.dataprovider import DataProvider
from freqtrade.enums import CandleType
from freqtrade.strategy import IStrategy
from pandas import DataFrame  # type: ignore[import-untyped]

_SEEN = "_IStrategy__last_candle_seen_per_pair"
_INTERNAL = "_analyze_ticker_internal"
_analyze_pair: Any = IStrategy.analyze_pair
_internal: Any = getattr(IStrategy, _INTERNAL)
_candles: Any = DataProvider.ohlcv
_log = logging.getLogger(IStrategy.__module__)


def install() -> Callable[[], None]:
    """Puts the hook in; the answer takes it out again."""
    IStrategy.analyze_pair = _unless_analysed
    return _uninstall


def _uninstall() -> None:
    IStrategy.analyze_pair = _analyze_pair


def _unless_analysed(self: Any, pair: str) -> None:
    """Hook of FreqTrade's `IStrategy.analyze_pair`."""
    if not _is_analysed(self, pair):
        _analyze_pair(self, pair)


def _is_analysed(strategy: Any, pair: str) -> bool:
    seen = getattr(strategy, _SEEN, {}).get(pair)
    if seen is None or not strategy.process_only_new_candles or not _is_freqtrades_own(strategy):
        return False
    kind = strategy.config.get("candle_type_def", CandleType.SPOT)
    frame = strategy.dp.ohlcv(pair, strategy.timeframe, copy=False, candle_type=kind)
    if not isinstance(frame, DataFrame) or frame.empty:
        return False
    return bool(seen == frame["date"].iat[-1])


def _is_freqtrades_own(strategy: Any) -> bool:
    """What a strategy's subclass or object changed may do something each time."""
    return (
        getattr(type(strategy), _INTERNAL) is _internal
        and _INTERNAL not in vars(strategy)
        and getattr(type(strategy.dp), "ohlcv", None) is _candles
        and "ohlcv" not in vars(strategy.dp)
        and not _log.isEnabledFor(logging.DEBUG)
    )
