"""The hook of `pool.zygote.analysis` tried: the same candles analysed with and without it leave the same behind."""

from types import SimpleNamespace
from typing import Any

from freqtrade.data.dataprovider import DataProvider
from freqtrade.enums import CandleType, RunMode
from freqtrade.strategy import IStrategy
from pandas import DataFrame  # type: ignore[import-untyped]

from pool.bot.trial_candles import trial_candles
from pool.zygote import analysis

PAIR = "BTC/USDT"
TIMEFRAME = "1m"
KEY = (PAIR, TIMEFRAME, CandleType.SPOT)
_CANDLES = 40
_SHOWN = (30, 30, 31, 31, 35, 34, 34, 36)
"""So many of the candles are there in each loop: new ones, none, a gap, one back."""


class Analysed(IStrategy):  # type: ignore[misc]
    """Counts what it was asked for."""

    INTERFACE_VERSION = 3
    timeframe = TIMEFRAME
    minimal_roi = {"0": 10}  # noqa: RUF012 - FreqTrade's way
    stoploss = -0.5
    process_only_new_candles = True

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config)
        self.asked: list[int] = []

    def populate_indicators(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:
        self.asked.append(len(dataframe))
        dataframe["mean"] = dataframe["close"].rolling(3).mean()
        return dataframe

    def populate_entry_trend(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:
        dataframe["enter_long"] = (dataframe["close"] > dataframe["mean"]).astype(int)
        return dataframe

    def populate_exit_trend(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:
        return dataframe


class Stage:
    """A strategy with FreqTrade's own DataProvider over candles that are shown to it loop by loop."""

    def __init__(self, strategy: type[IStrategy] = Analysed, **config: Any) -> None:
        self.klines: dict[Any, DataFrame] = {}
        self.copies = 0
        self.sent: list[Any] = []
        self._kept: dict[Any, Any] = {}
        config = {
            "runmode": RunMode.DRY_RUN,
            "candle_type_def": CandleType.SPOT,
            "timeframe": TIMEFRAME,
            "stake_currency": "USDT",
        } | config
        self.strategy = strategy(config)
        markets = {PAIR: {"symbol": PAIR, "base": "BTC", "quote": "USDT"}}
        exchange = SimpleNamespace(klines=self._give, markets=markets)
        self.strategy.dp = self.dp = DataProvider(
            config, exchange, rpc=SimpleNamespace(send_msg=lambda message: self.sent.append(plain(message)))
        )

    def loop(self) -> tuple[Any, ...]:
        """One analysis of what is shown now; all that can be seen of it afterwards."""
        self.strategy.analyze([PAIR])
        frame, at = self.dp.get_analyzed_dataframe(PAIR, TIMEFRAME)
        before, self._kept = self._kept, dict(self.dp._DataProvider__cached_pairs)
        kept = [(key, before.get(key) is made) for key, made in self._kept.items()]
        seen = dict(getattr(self.strategy, analysis._SEEN))
        asked = list(getattr(self.strategy, "asked", []))
        return plain(frame), at.timestamp() > 0, kept, seen, asked, repr(self.sent), plain(self.klines.get(KEY))

    def _give(self, key: Any, copy: bool = True) -> DataFrame:
        frame = self.klines.get(key, DataFrame())
        self.copies += copy
        return frame.copy() if copy else frame


def plain(value: Any) -> Any:
    """What is compared of it: no object's identity, no moment of the test."""
    if isinstance(value, DataFrame):
        return (list(value.columns), list(map(str, value.dtypes)), value.to_csv())
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items() if key != "la"}
    return value


def differs() -> str | None:
    """None where it does what FreqTrade does, else a sentence's end. The hook is in."""
    hooked, own = Stage(), Stage()
    candles = trial_candles(TIMEFRAME, _CANDLES)
    for shown in _SHOWN:
        for stage in (hooked, own):
            stage.klines[KEY] = candles.iloc[:shown].reset_index(drop=True)
        told = hooked.loop()
        analysis._uninstall()
        try:
            expected = own.loop()
        finally:
            analysis.install()
        if told != expected:
            return f"with {shown} candles shown, FreqTrade leaves something else behind."
    return None if hooked.copies < own.copies else "nothing was skipped."
