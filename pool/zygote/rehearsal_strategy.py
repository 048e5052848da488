"""The strategy of the rehearsing bot: many indicators, many trades. Read as text and loaded by FreqTrade."""

from datetime import datetime
from typing import Any

import numpy as np
import talib.abstract as ta
from freqtrade.persistence import Trade
from freqtrade.strategy import IntParameter, IStrategy, merge_informative_pair
from pandas import DataFrame  # type: ignore[import-untyped]
from technical import qtpylib


class Rehearsal(IStrategy):  # type: ignore[misc]
    """Enters every pair at each chance, leaves on small moves in either direction."""

    INTERFACE_VERSION = 3
    timeframe = "1m"
    startup_candle_count = 60
    minimal_roi = {"0": 0.002, "1": 0.0005}  # noqa: RUF012 - read by FreqTrade as it is
    stoploss = -0.01
    trailing_stop = True
    trailing_stop_positive = 0.001
    trailing_stop_positive_offset = 0.0015
    trailing_only_offset_is_reached = True
    use_custom_stoploss = True
    position_adjustment_enable = True
    max_entry_position_adjustment = 1
    length = IntParameter(5, 30, default=14, space="buy")
    protections = [  # noqa: RUF012 - read by FreqTrade as it is
        {"method": "CooldownPeriod", "stop_duration_candles": 1},
        {"method": "StoplossGuard", "lookback_period_candles": 10, "trade_limit": 500, "stop_duration_candles": 1},
        {"method": "MaxDrawdown", "lookback_period_candles": 10, "trade_limit": 500, "stop_duration_candles": 1},
        {"method": "LowProfitPairs", "lookback_period_candles": 10, "trade_limit": 500, "stop_duration_candles": 1},
    ]

    def informative_pairs(self) -> list[tuple[str, str]]:
        return [("BTC/USDT", "5m")]

    def populate_indicators(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:
        length = self.length.value
        dataframe["rsi"] = ta.RSI(dataframe, timeperiod=length)
        dataframe["adx"] = ta.ADX(dataframe, timeperiod=length)
        dataframe["atr"] = ta.ATR(dataframe, timeperiod=length)
        dataframe["cci"] = ta.CCI(dataframe, timeperiod=length)
        dataframe["mfi"] = ta.MFI(dataframe, timeperiod=length)
        dataframe["sma"] = ta.SMA(dataframe, timeperiod=length)
        dataframe["ema_fast"] = ta.EMA(dataframe, timeperiod=12)
        dataframe["ema_slow"] = ta.EMA(dataframe, timeperiod=26)
        macd = ta.MACD(dataframe)
        dataframe["macd"], dataframe["macdsignal"] = macd["macd"], macd["macdsignal"]
        stoch = ta.STOCHF(dataframe)
        dataframe["fastk"], dataframe["fastd"] = stoch["fastk"], stoch["fastd"]
        bands = ta.BBANDS(dataframe, timeperiod=20)
        dataframe["upper"], dataframe["lower"] = bands["upperband"], bands["lowerband"]
        bollinger = qtpylib.bollinger_bands(qtpylib.typical_price(dataframe), window=20, stds=2)
        dataframe["bb_width"] = (bollinger["upper"] - bollinger["lower"]) / bollinger["mid"]
        dataframe["highest"] = dataframe["high"].rolling(20).max().shift(1)
        dataframe["lowest"] = dataframe["low"].rolling(20).min().shift(1)
        dataframe["volume_mean"] = dataframe["volume"].rolling(20).mean()
        dataframe["ewm"] = dataframe["close"].ewm(span=10).mean()
        dataframe["change"] = dataframe["close"].pct_change().fillna(0)
        dataframe["side"] = np.where(dataframe["close"] > dataframe["sma"], 1, -1)
        informative = self.dp.get_pair_dataframe("BTC/USDT", "5m") if self.dp else None
        if informative is not None and not informative.empty:
            informative["rsi"] = ta.RSI(informative, timeperiod=length)
            dataframe = merge_informative_pair(dataframe, informative, self.timeframe, "5m", ffill=True)
        return dataframe

    def populate_entry_trend(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:
        crossed = qtpylib.crossed_above(dataframe["ema_fast"], dataframe["ema_slow"])
        dataframe.loc[crossed & (dataframe["volume"] > 0), ["enter_long", "enter_tag"]] = (1, "cross")
        dataframe.loc[(dataframe["volume"] > 0) & (dataframe["rsi"] >= 0), ["enter_long", "enter_tag"]] = (1, "always")
        return dataframe

    def populate_exit_trend(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:
        crossed = qtpylib.crossed_below(dataframe["ema_fast"], dataframe["ema_slow"])
        dataframe.loc[crossed & (dataframe["rsi"] > 101), ["exit_long", "exit_tag"]] = (1, "cross")
        return dataframe

    def custom_stoploss(
        self, pair: str, trade: Trade, current_time: datetime, current_rate: float, current_profit: float, **kwargs: Any
    ) -> float | None:
        return None

    def custom_exit(
        self, pair: str, trade: Trade, current_time: datetime, current_rate: float, current_profit: float, **kwargs: Any
    ) -> str | None:
        dataframe, _ = self.dp.get_analyzed_dataframe(pair, self.timeframe)
        return "fell" if len(dataframe) and current_profit < -0.0005 else None

    def adjust_trade_position(self, trade: Trade, *args: Any, **kwargs: Any) -> float | None:
        return None
