"""Trend following: EMA for direction, ADX for strength, a finished pullback as the moment to enter; on futures falling
trends too, short."""

from typing import Any, ClassVar

import numpy as np
import talib.abstract as ta
from freqtrade.strategy import IntParameter, IStrategy
from pandas import DataFrame, Series


class TrendFollowing(IStrategy):
    INTERFACE_VERSION = 3
    timeframe = "1m"
    process_only_new_candles = True
    startup_candle_count = 180
    minimal_roi: ClassVar[dict[str, float]] = {"0": 0.02, "720": 0.0}
    stoploss = -0.03
    trailing_stop = True
    trailing_stop_positive = 0.008
    trailing_stop_positive_offset = 0.012
    trailing_only_offset_is_reached = True

    ema_fast = IntParameter(3, 20, default=8, space="buy")
    ema_slow = IntParameter(21, 60, default=34, space="buy")
    adx_min = IntParameter(0, 60, default=15, space="buy")

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config)
        self.can_short = config.get("trading_mode") == "futures"
        self.buy_params = dict(config.get("flotilla_parameters", {}))

    @property
    def protections(self) -> list[dict[str, Any]]:
        return [
            {"method": "CooldownPeriod", "stop_duration_candles": 15},
            {
                "method": "StoplossGuard",
                "lookback_period_candles": 60,
                "trade_limit": 2,
                "stop_duration_candles": 30,
                "only_per_pair": True,
            },
        ]

    def populate_indicators(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:
        dataframe["ema_fast"] = ta.EMA(dataframe, timeperiod=self.ema_fast.value)
        dataframe["ema_slow"] = ta.EMA(dataframe, timeperiod=self.ema_slow.value)
        dataframe["adx"] = ta.ADX(dataframe, timeperiod=14)
        return dataframe

    def populate_entry_trend(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:
        rising = (dataframe["ema_fast"] > dataframe["ema_slow"]) & (
            dataframe["ema_slow"] > dataframe["ema_slow"].shift(3)
        )
        strong = (dataframe["adx"] > self.adx_min.value) & (dataframe["volume"] > 0)
        pullback_over = rising & strong & _crossed_above(dataframe["close"], dataframe["ema_fast"])
        dataframe["enter_long"] = pullback_over.astype(int)
        dataframe["enter_tag"] = np.where(pullback_over, "pullback_over", "")
        if self.can_short:
            falling = (dataframe["ema_fast"] < dataframe["ema_slow"]) & (
                dataframe["ema_slow"] < dataframe["ema_slow"].shift(3)
            )
            rally_over = falling & strong & _crossed_above(dataframe["ema_fast"], dataframe["close"])
            dataframe["enter_short"] = rally_over.astype(int)
            dataframe["enter_tag"] = np.where(rally_over, "rally_over", dataframe["enter_tag"])
        return dataframe

    def populate_exit_trend(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:
        trend_over = _crossed_above(dataframe["ema_slow"], dataframe["ema_fast"])
        dataframe["exit_long"] = trend_over.astype(int)
        if self.can_short:
            short_over = _crossed_above(dataframe["ema_fast"], dataframe["ema_slow"])
            dataframe["exit_short"] = short_over.astype(int)
            trend_over |= short_over
        dataframe["exit_tag"] = np.where(trend_over, "trend_over", "")
        return dataframe


def _crossed_above(line: Series, other: Series) -> Series:
    """True at the candle where `line` comes to lie above `other`."""
    return (line > other) & (line.shift(1) <= other.shift(1))
