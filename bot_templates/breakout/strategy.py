"""Breakout: a close above the Donchian channel on raised volume enters, one below its lower edge leaves; on futures
also the other way round, short."""

from typing import Any, ClassVar

import numpy as np
from freqtrade.strategy import DecimalParameter, IntParameter, IStrategy
from pandas import DataFrame


class Breakout(IStrategy):
    INTERFACE_VERSION = 3
    timeframe = "1m"
    process_only_new_candles = True
    startup_candle_count = 120
    minimal_roi: ClassVar[dict[str, float]] = {"0": 0.03, "480": 0.0}
    stoploss = -0.02
    trailing_stop = True
    trailing_stop_positive = 0.01
    trailing_stop_positive_offset = 0.015
    trailing_only_offset_is_reached = True

    entry_channel = IntParameter(5, 100, default=20, space="buy")
    volume_factor = DecimalParameter(0, 10, default=1, decimals=2, space="buy")
    exit_channel = IntParameter(3, 60, default=10, space="sell")

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
                "trade_limit": 2,
                "stop_duration_candles": 30,
                "only_per_pair": True,
            },
        ]

    def populate_indicators(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:
        dataframe["channel_high"] = dataframe["high"].rolling(self.entry_channel.value).max().shift(1)
        dataframe["channel_low"] = dataframe["low"].rolling(self.exit_channel.value).min().shift(1)
        if self.can_short:
            dataframe["short_entry"] = dataframe["low"].rolling(self.entry_channel.value).min().shift(1)
            dataframe["short_exit"] = dataframe["high"].rolling(self.exit_channel.value).max().shift(1)
        dataframe["volume_mean"] = dataframe["volume"].rolling(30).mean().shift(1)
        return dataframe

    def populate_entry_trend(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:
        broke_out = dataframe["close"] > dataframe["channel_high"]
        on_volume = dataframe["volume"] >= dataframe["volume_mean"] * self.volume_factor.value
        traded = on_volume & (dataframe["volume"] > 0)
        dataframe["enter_long"] = (broke_out & traded).astype(int)
        dataframe["enter_tag"] = np.where(broke_out & traded, "breakout", "")
        if self.can_short:
            broke_down = (dataframe["close"] < dataframe["short_entry"]) & traded
            dataframe["enter_short"] = broke_down.astype(int)
            dataframe["enter_tag"] = np.where(broke_down, "breakdown", dataframe["enter_tag"])
        return dataframe

    def populate_exit_trend(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:
        below = dataframe["close"] < dataframe["channel_low"]
        dataframe["exit_long"] = below.astype(int)
        dataframe["exit_tag"] = np.where(below, "channel_low", "")
        if self.can_short:
            above = dataframe["close"] > dataframe["short_exit"]
            dataframe["exit_short"] = above.astype(int)
            dataframe["exit_tag"] = np.where(above, "channel_high", dataframe["exit_tag"])
        return dataframe
