"""Mean reversion: below the lower Bollinger band with a low RSI is too far; the middle of the band is home. On futures
also the other way round, short above the upper band."""

from typing import Any, ClassVar

import numpy as np
import talib.abstract as ta
from freqtrade.strategy import DecimalParameter, IntParameter, IStrategy
from pandas import DataFrame


class MeanReversion(IStrategy):
    INTERFACE_VERSION = 3
    timeframe = "1m"
    process_only_new_candles = True
    startup_candle_count = 150
    minimal_roi: ClassVar[dict[str, float]] = {"0": 0.012, "240": 0.0}
    stoploss = -0.025

    band_length = IntParameter(10, 60, default=20, space="buy")
    band_width = DecimalParameter(1, 4, default=2, decimals=2, space="buy")
    rsi_entry = IntParameter(10, 45, default=36, space="buy")
    rsi_exit = IntParameter(50, 90, default=62, space="sell")

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config)
        self.can_short = config.get("trading_mode") == "futures"
        self.buy_params = dict(config.get("flotilla_parameters", {}))
        self.sell_params = self.buy_params

    @property
    def protections(self) -> list[dict[str, Any]]:
        return [
            {"method": "CooldownPeriod", "stop_duration_candles": 15},
            {
                "method": "StoplossGuard",
                "lookback_period_candles": 60,
                "trade_limit": 3,
                "stop_duration_candles": 30,
                "only_per_pair": False,
            },
        ]

    def populate_indicators(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:
        length = self.band_length.value
        deviation = dataframe["close"].rolling(length).std(ddof=0)
        dataframe["band_middle"] = dataframe["close"].rolling(length).mean()
        dataframe["band_lower"] = dataframe["band_middle"] - self.band_width.value * deviation
        if self.can_short:
            dataframe["band_upper"] = dataframe["band_middle"] + self.band_width.value * deviation
        dataframe["rsi"] = ta.RSI(dataframe, timeperiod=14)
        return dataframe

    def populate_entry_trend(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:
        traded = dataframe["volume"] > 0
        too_low = (dataframe["close"] < dataframe["band_lower"]) & (dataframe["rsi"] < self.rsi_entry.value) & traded
        dataframe["enter_long"] = too_low.astype(int)
        dataframe["enter_tag"] = np.where(too_low, "too_far_below", "")
        if self.can_short:
            weak = dataframe["rsi"] > 100 - self.rsi_entry.value
            too_high = (dataframe["close"] > dataframe["band_upper"]) & weak & traded
            dataframe["enter_short"] = too_high.astype(int)
            dataframe["enter_tag"] = np.where(too_high, "too_far_above", dataframe["enter_tag"])
        return dataframe

    def populate_exit_trend(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:
        home = (dataframe["close"] > dataframe["band_middle"]) & (
            dataframe["close"].shift(1) <= dataframe["band_middle"].shift(1)
        )
        over = home | (dataframe["rsi"] > self.rsi_exit.value)
        dataframe["exit_long"] = over.astype(int)
        if self.can_short:
            home = (dataframe["close"] < dataframe["band_middle"]) & (
                dataframe["close"].shift(1) >= dataframe["band_middle"].shift(1)
            )
            short_over = home | (dataframe["rsi"] < 100 - self.rsi_exit.value)
            dataframe["exit_short"] = short_over.astype(int)
            over |= short_over
        dataframe["exit_tag"] = np.where(over, "back_home", "")
        return dataframe
