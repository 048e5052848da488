"""Candles that were never traded, for strategies that are tried without an exchange, and whoever they ask for more."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from freqtrade.enums import RunMode, TradingMode
from freqtrade.exchange import timeframe_to_seconds
from pandas import DataFrame, to_datetime  # type: ignore[import-untyped]

TRIAL_PAIRS = ("BTC/USDT", "ETH/USDT")
TRIAL_END = datetime(2026, 1, 1, tzinfo=UTC)
_SEED = 20_260_101
_PRICE = 100.0
_STEP = 0.004
"""Standard deviation of a candle's return."""


def trial_candles(timeframe: str, count: int) -> DataFrame:
    """A random walk, the same each time, with FreqTrade's columns. Raises ValueError for a timeframe that is none."""
    seconds = timeframe_to_seconds(timeframe)
    random = np.random.default_rng(_SEED)
    close = _PRICE * np.exp(np.cumsum(random.normal(0, _STEP, count)))
    opened = np.concatenate([[_PRICE], close[:-1]])
    spread = np.abs(random.normal(0, _STEP, (2, count)))
    dates = [TRIAL_END - timedelta(seconds=seconds * (count - row)) for row in range(count)]
    return DataFrame(
        {
            "date": to_datetime(dates, utc=True),
            "open": opened,
            "high": np.maximum(opened, close) * (1 + spread[0]),
            "low": np.minimum(opened, close) * (1 - spread[1]),
            "close": close,
            "volume": random.uniform(10, 1000, count),
        }
    )


def trial_pairs(mode: TradingMode) -> tuple[str, ...]:
    """What a strategy that is tried trades, as markets of that mode are named."""
    return tuple(f"{pair}:USDT" for pair in TRIAL_PAIRS) if mode == TradingMode.FUTURES else TRIAL_PAIRS


class TrialData:
    """In the place of FreqTrade's `DataProvider`: other pairs have made-up candles, and nothing else is there."""

    runmode = RunMode.DRY_RUN

    def __init__(self, pairs: Sequence[str]) -> None:
        self._pairs = pairs
        self.was_asked = False

    def current_whitelist(self) -> list[str]:
        self.was_asked = True
        return list(self._pairs)

    def get_pair_dataframe(self, pair: str, timeframe: str | None = None, candle_type: str = "") -> DataFrame:
        self.was_asked = True
        return trial_candles(timeframe or "5m", 400)

    historic_ohlcv = ohlcv = get_pair_dataframe

    def market(self, pair: str) -> dict[str, Any]:
        self.was_asked = True
        base, _, quote = pair.partition(":")[0].partition("/")
        return {"symbol": pair, "base": base, "quote": quote, "active": True}

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        self.was_asked = True
        raise NotImplementedError(f"dp.{name} is not there without an exchange")
