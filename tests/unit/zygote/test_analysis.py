"""Analysis that is skipped leaves behind what FreqTrade's own would have."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from freqtrade.enums import CandleType, RunMode
from freqtrade.strategy import IStrategy, informative
from pandas import DataFrame

from pool.bot.trial_candles import TRIAL_END, trial_candles
from pool.bot.universal.overlay import lay_over
from pool.zygote import analysis, analysis_trial
from pool.zygote.analysis_trial import KEY, PAIR, Analysed, Stage

CANDLES = trial_candles("1m", 60)
HOURS = trial_candles("1h", 60)
SHOWN = (30, 30, 30, 31, 31, 35, 34, 34, 0, 34, 34, 60, 60)
"""New candles, none, a gap, one that is taken back, none at all."""


class Informed(Analysed):
    """Asks for another length of candles by each of FreqTrade's ways."""

    def informative_pairs(self) -> list[tuple[str, str]]:
        return [(PAIR, "1h")]

    @informative("1h")
    def populate_indicators_1h(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:
        dataframe["mean"] = dataframe["close"].rolling(2).mean()
        return dataframe

    def populate_indicators(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:
        frame = super().populate_indicators(dataframe, metadata)
        frame["hours"] = len(self.dp.get_pair_dataframe(PAIR, "1h"))
        return frame


class EachTime(Analysed):
    process_only_new_candles = False


class Failing(Analysed):
    """Is asked again until it succeeds."""

    def populate_entry_trend(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:
        if len(self.asked) % 3:
            raise ValueError("not yet")
        return super().populate_entry_trend(dataframe, metadata)


class Ticking(Analysed):
    """FreqTrade asks `analyze_ticker` of new candles alone."""

    def analyze_ticker(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:
        self.asked.append(-1)
        return super().analyze_ticker(dataframe, metadata)


class Around(Analysed):
    """Does something of its own before each pair."""

    def analyze_pair(self, pair: str) -> None:
        self.asked.append(-2)
        super().analyze_pair(pair)


class Inside(Analysed):
    """Does something of its own where FreqTrade decides."""

    def _analyze_ticker_internal(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:
        self.asked.append(-3)
        return super()._analyze_ticker_internal(dataframe, metadata)


class InsideItself(Analysed):
    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config)
        own = self._analyze_ticker_internal

        def asked(dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:
            self.asked.append(-4)
            result: DataFrame = own(dataframe, metadata)
            return result

        self._analyze_ticker_internal = asked


class Forgetful(Analysed):
    """Turns its own flag over."""

    def bot_loop_start(self, **_: Any) -> None:
        self.process_only_new_candles = not self.process_only_new_candles


SKIP = (Analysed, Informed, Ticking, Around, Forgetful, Failing)
ALL = (*SKIP, EachTime, Inside, InsideItself)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Pytest's log would have FreqTrade tell its debugging, of which nothing may be lost."""
    log = logging.getLogger("freqtrade")
    before = log.level
    log.setLevel(logging.INFO)
    yield
    log.setLevel(before)
    analysis._uninstall()


def told_of(stage: Stage, shown: tuple[int, ...] = SHOWN) -> list[Any]:
    """What each loop left behind."""
    stage.klines[(PAIR, "1h", CandleType.SPOT)] = HOURS
    told = []
    for count in shown:
        stage.klines[KEY] = CANDLES.iloc[:count].reset_index(drop=True)
        stage.strategy.bot_loop_start(current_time=TRIAL_END)
        told.append(stage.loop())
    return told


@pytest.mark.parametrize("strategy", ALL)
@pytest.mark.parametrize("config", [{}, {"runmode": RunMode.LIVE}])
def test_the_same_is_left_behind(strategy: type[IStrategy], config: dict[str, Any]) -> None:
    plain, hooked = Stage(strategy, **config), Stage(strategy, **config)
    expected = told_of(plain)
    assert "enter_long" in expected[-1][0][0], "it came to signals"
    analysis.install()
    assert told_of(hooked) == expected
    assert (hooked.copies < plain.copies) == (strategy in SKIP)


def test_it_is_the_same_under_universal_rules() -> None:
    plain, hooked = Stage(), Stage()
    for stage in (plain, hooked):
        lay_over(stage.strategy, *(None,) * 4)  # type: ignore[arg-type]
    expected = told_of(plain)
    analysis.install()
    assert told_of(hooked) == expected
    assert hooked.copies < plain.copies


def test_where_the_log_tells_of_it_it_goes_on_telling(caplog: pytest.LogCaptureFixture) -> None:
    def told() -> list[str]:
        caplog.clear()
        told_of(Stage())
        return [record.getMessage() for record in caplog.records if record.name.startswith("freqtrade.strategy")]

    with caplog.at_level(logging.DEBUG, "freqtrade"):
        expected = told()
        analysis.install()
        assert told() == expected
    assert "Skipping TA Analysis for already analyzed candle" in expected


def test_candles_of_another_source_are_asked_for_as_ever() -> None:
    analysis.install()
    stage = Stage()
    asked: list[bool] = []

    def ohlcv(*_: Any, copy: bool = True, **__: Any) -> DataFrame:
        asked.append(copy)
        return CANDLES.iloc[:30].copy()

    stage.dp.ohlcv = ohlcv
    for _ in range(3):
        stage.strategy.analyze_pair(PAIR)
    assert asked == [True] * 3


def test_backtests_and_the_like_are_told_of_empty_candles(caplog: pytest.LogCaptureFixture) -> None:
    analysis.install()
    stage = Stage(runmode=RunMode.BACKTEST)
    stage.strategy.analyze([PAIR])
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_the_trial_finds_a_hook_that_does_too_little_or_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    analysis.install()
    assert analysis_trial.differs() is None
    monkeypatch.setattr(analysis, "_is_analysed", lambda strategy, pair: False)
    assert analysis_trial.differs() == "nothing was skipped."
    monkeypatch.setattr(analysis, "_is_analysed", lambda strategy, pair: bool(strategy.asked))
    assert "candles shown" in str(analysis_trial.differs())
