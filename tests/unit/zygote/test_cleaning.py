"""Frames of candles are FreqTrade's own to the last bit, with and without its cleaning."""

import logging
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas
import pytest
from freqtrade.data.converter import clean_ohlcv_dataframe, ohlcv_to_dataframe
from freqtrade.enums import CandleType
from freqtrade.exchange import exchange, timeframe_to_msecs
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pandas import DataFrame, Series

from pool.bot.market import mapped as mapped_candles
from pool.contract.mapped import LatestCandles, place
from pool.contract.market import Kind
from pool.zygote import cleaning, cleaning_trial
from tests.fakes.mapped_candles import candles_file

PAIR = "BTC/USDT"
BASE_MS = 1_790_000_000_000 // 86_400_000 * 86_400_000
REGULAR = ("1s", "1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d")
OTHERS = ("7m", "3d", "1w", "1M", "1y")
Rows = list[list[Any]]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Pytest's log would have FreqTrade tell its debugging, of which nothing may be lost."""
    log = logging.getLogger("freqtrade")
    before = log.level
    log.setLevel(logging.INFO)
    yield
    log.setLevel(before)
    cleaning.uninstall()


def assert_same(frame: DataFrame, expected: DataFrame) -> None:
    """In all that a strategy could tell them apart by."""
    pandas.testing.assert_frame_equal(
        frame, expected, check_exact=True, check_index_type="exact", check_column_type="exact", check_freq=True
    )
    assert repr(frame.index) == repr(expected.index)
    assert (frame.attrs, frame.columns.name, frame.flags.allows_duplicate_labels) == ({}, None, True)
    for name in expected.columns:
        assert frame[name].dtype == expected[name].dtype
        assert _bits(frame[name]) == _bits(expected[name]), name
    assert _places(frame.copy()) == _places(expected.copy())


def _bits(column: Series) -> bytes:
    kept: bytes = (column if column.dtype.kind == "f" else column.astype("int64")).to_numpy().tobytes()
    return kept


def _places(frame: DataFrame) -> list[Any]:
    return [
        (block.values.shape, getattr(block.values, "strides", None), list(block.mgr_locs))
        for block in frame._mgr.blocks
    ]


def _outcome(make: Callable[[], DataFrame]) -> DataFrame | type[Exception]:
    try:
        return make()
    except Exception as error:
        return type(error)


def assert_alike(hooked: Callable[..., Any], plain: Callable[..., Any], *given: Any, **named: Any) -> Any:
    """What either does, an error too."""
    made, expected = (_outcome(lambda make=make: make(*given, **named)) for make in (hooked, plain))
    assert_same_outcome(made, expected)
    return made


def assert_same_outcome(made: DataFrame | type[Exception], expected: DataFrame | type[Exception]) -> None:
    if isinstance(expected, DataFrame):
        assert isinstance(made, DataFrame), made
        assert_same(made, expected)
    else:
        assert made is expected


def regular(count: int, timeframe: str = "1m", first: int = 0, seed: int = 1) -> Rows:
    """Without gaps, with candles without a trade among them."""
    random, step = np.random.default_rng(seed), timeframe_to_msecs(timeframe)
    values = random.uniform(0.1, 90_000, (count, 5))
    values[random.random(count) < 0.1, 4] = 0.0
    return [[BASE_MS + (first + number) * step, *row] for number, row in enumerate(values.tolist())]


def _refuse(*_: Any, **__: Any) -> DataFrame:
    raise AssertionError("FreqTrade's own was asked")


PRICES = st.one_of(
    st.floats(1e-12, 1e12, width=64),
    st.sampled_from([0.0, -0.0, -1.5, 5e-324, 1.7e308, math.inf, -math.inf, math.nan, 7, 2**60 + 1, 2**70, None]),
)
ROW = st.tuples(st.integers(-3, 12), st.integers(0, 999) | st.just(0), st.tuples(*[PRICES] * 5))
HARMLESS = st.floats(0, 1e15, width=64).map(abs)


@st.composite
def answers(draw: st.DrawFn, timeframe: str) -> Rows:
    """Mostly as exchanges answer, sometimes with anything."""
    step = timeframe_to_msecs(timeframe)
    first = BASE_MS + draw(st.sampled_from([0, 0, 1, 7, 1440])) * step
    first += draw(st.sampled_from([0, 0, 0, 0, 1, 400, 60_000]))
    if draw(st.integers(0, 4)) == 0:
        return [[first + place * step + off, *values] for place, off, values in draw(st.lists(ROW, max_size=9))]
    count = draw(st.integers(0, 12))
    rows: Rows = [[first + number * step, *draw(st.tuples(*[HARMLESS] * 5))] for number in range(count)]
    for _ in range(draw(st.integers(0, 2)) if rows else 0):
        at = draw(st.integers(0, len(rows) - 1))
        match draw(st.sampled_from(["gap", "twice", "moved", "value", "again", "short"])):
            case "gap" if len(rows) > 1:
                del rows[at]
            case "twice":
                rows.insert(at, [rows[at][0], *draw(st.tuples(*[HARMLESS] * 5))])
            case "moved":
                rows.append(rows.pop(at))
            case "value":
                rows[at][draw(st.integers(1, len(rows[at]) - 1))] = draw(PRICES)
            case "again":
                rows += [[row[0], *draw(st.tuples(*[HARMLESS] * 5))] for row in rows[at:]]
            case "short" if len(rows) > 1:
                rows[at] = rows[at][:5]
    return rows


@settings(max_examples=60, deadline=None)
@given(st.data(), st.sampled_from(REGULAR + OTHERS), st.booleans(), st.booleans())
def test_rows_make_the_same_frame(data: st.DataObject, timeframe: str, fill: bool, drop: bool) -> None:
    rows = data.draw(answers(timeframe))
    named = {"fill_missing": fill, "drop_incomplete": drop}
    assert_alike(cleaning._from_rows, ohlcv_to_dataframe, rows, timeframe, PAIR, **named)


@settings(max_examples=60, deadline=None)
@given(st.data(), st.sampled_from(REGULAR + OTHERS), st.booleans(), st.booleans())
def test_joined_frames_are_cleaned_to_the_same(data: st.DataObject, timeframe: str, fill: bool, drop: bool) -> None:
    frames = [
        _outcome(
            lambda: ohlcv_to_dataframe(
                data.draw(answers(timeframe)), timeframe, PAIR, fill_missing=False, drop_incomplete=False
            )
        )
        for _ in range(2)
    ]
    if not all(isinstance(frame, DataFrame) for frame in frames):
        return
    joined, named = pandas.concat(frames, axis=0), {"fill_missing": fill, "drop_incomplete": drop}
    assert_alike(cleaning._clean, clean_ohlcv_dataframe, joined, timeframe, PAIR, **named)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(REGULAR),
    st.integers(1, 30),
    st.integers(1, 30),
    st.integers(0, 40),
    st.integers(0, 40),
    st.booleans(),
)
@example("1m", 1, 1, 0, 0, False)
@example("1m", 1, 1, 0, 1, True)
@example("1m", 1, 1, 1, 0, True)
@example("1h", 5, 5, 0, 6, True)
@example("1h", 30, 5, 0, 10, True)
@example("1h", 5, 30, 10, 0, True)
def test_runs_that_overlap_touch_or_lie_apart(
    timeframe: str, earlier: int, later: int, first: int, second: int, drop: bool
) -> None:
    """An exchange that corrects its candles, and one whose answers reach back."""
    runs = [regular(earlier, timeframe, first, 1), regular(later, timeframe, second, 2)]
    frames = [ohlcv_to_dataframe(run, timeframe, PAIR, fill_missing=False, drop_incomplete=False) for run in runs]
    named = {"fill_missing": True, "drop_incomplete": drop}
    assert_alike(cleaning._clean, clean_ohlcv_dataframe, pandas.concat(frames, axis=0), timeframe, PAIR, **named)


@pytest.mark.parametrize("timeframe", REGULAR)
def test_complete_candles_need_no_cleaning(timeframe: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = regular(30, timeframe), regular(30, timeframe, 5, 2)
    expected = _refreshed(ohlcv_to_dataframe, clean_ohlcv_dataframe, first, second, timeframe)
    monkeypatch.setattr(cleaning, "_plain_from_rows", _refuse)
    monkeypatch.setattr(cleaning, "_plain_clean", _refuse)
    for made, wanted in zip(
        _refreshed(cleaning._from_rows, cleaning._clean, first, second, timeframe), expected, strict=True
    ):
        assert_same(made, wanted)


def _refreshed(make: Any, clean: Any, first: Rows, second: Rows, timeframe: str) -> list[DataFrame]:
    """As `Exchange._process_ohlcv_df` does it."""
    old = make(first, timeframe, pair=PAIR, fill_missing=True, drop_incomplete=True)
    new = make(second, timeframe, pair=PAIR, fill_missing=False, drop_incomplete=True)
    whole = clean(
        pandas.concat([old, new], axis=0),
        timeframe,
        PAIR,
        fill_missing=True,
        drop_incomplete=False,
        candle_type=CandleType.SPOT,
    )
    return [old, new, whole, whole.tail(20).reset_index(drop=True)]


@pytest.mark.parametrize("candle_type", [CandleType.FUTURES, CandleType.MARK, CandleType.INDEX, CandleType.SPOT])
def test_each_kind_of_candle(candle_type: CandleType) -> None:
    named = {"fill_missing": True, "drop_incomplete": True, "candle_type": candle_type}
    assert_alike(cleaning._from_rows, ohlcv_to_dataframe, regular(20), "1m", PAIR, **named)


def test_rates_of_funding_keep_their_columns() -> None:
    rows = [[BASE_MS + hour * 3_600_000, 0.0001 * hour] for hour in range(10)]
    named = {"fill_missing": True, "drop_incomplete": False, "candle_type": CandleType.FUNDING_RATE}
    made = assert_alike(cleaning._from_rows, ohlcv_to_dataframe, rows, "1h", PAIR, **named)
    assert list(made.columns) == ["date", "funding_rate", "open"]
    named["fill_missing"], joined = True, pandas.concat([made, made], axis=0)
    assert_alike(cleaning._clean, clean_ohlcv_dataframe, joined, "1h", PAIR, **named)


def test_what_a_strategy_writes_reaches_no_other_frame() -> None:
    rows = regular(20)
    frame = cleaning._from_rows(rows, "1m", PAIR, fill_missing=True, drop_incomplete=False)
    again = cleaning._clean(frame, "1m", PAIR, fill_missing=True, drop_incomplete=False)
    frame.loc[3, "close"] = -5.0
    frame["open"] = 0.0
    frame.iloc[0, 5] = 9.0
    assert_same(again, ohlcv_to_dataframe(rows, "1m", PAIR, fill_missing=True, drop_incomplete=False))


def test_where_the_log_tells_of_it_it_goes_on_telling(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "freqtrade.data.converter"):
        cleaning._from_rows(regular(5), "1m", PAIR, fill_missing=True, drop_incomplete=True)
    assert "Dropping last candle" in [record.getMessage() for record in caplog.records]


def test_exchanges_make_their_frames_of_it_until_it_is_taken_out() -> None:
    remove = cleaning.install()
    assert (exchange.ohlcv_to_dataframe, exchange.clean_ohlcv_dataframe) == (cleaning._from_rows, cleaning._clean)
    remove()
    assert (exchange.ohlcv_to_dataframe, exchange.clean_ohlcv_dataframe) == (ohlcv_to_dataframe, clean_ohlcv_dataframe)


def test_the_trial_finds_a_hook_that_does_too_little_or_something_else(monkeypatch: pytest.MonkeyPatch) -> None:
    assert cleaning_trial.differs() is None
    with monkeypatch.context() as patch:
        patch.setattr(cleaning, "_read_rows", lambda rows: None)
        assert str(cleaning_trial.differs()).startswith("nothing was left out")
    for name, wrong in (("_OPEN", 3), ("_LOW", 4)):
        with monkeypatch.context() as patch:
            patch.setattr(cleaning, name, wrong)
            assert "something else" in str(cleaning_trial.differs()), name


# ---- candles that are mapped


def mapped(rows: Rows, directory: Path) -> mapped_candles.Rows:
    """The same candles, as a bot takes them."""
    made = mapped_candles.Mapped(directory, lambda: "paper", lambda: (0.0, 0))
    series = LatestCandles(symbol=PAIR, timeframe="1m")
    made.asked(series.header(), "")
    file = place(directory, series.name("paper"))
    file.parent.mkdir(exist_ok=True)
    file.unlink(missing_ok=True)  # who maps it keeps it
    file.write_bytes(candles_file(rows))
    found = made.rows(series, Kind(name="other"))
    assert found is not None
    return found


def _is_mappable(rows: Rows) -> bool:
    """What the gateway makes columns of."""
    types = {tuple(map(type, row)) for row in rows}
    return types == {(int, *[float] * 5)} and min(row[0] for row in rows) >= 0


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(st.data(), st.sampled_from(REGULAR + OTHERS), st.booleans(), st.booleans())
def test_mapped_candles_make_the_same_frame(data: st.DataObject, timeframe: str, fill: bool, drop: bool) -> None:
    rows = data.draw(answers(timeframe).filter(_is_mappable))
    named = {"fill_missing": fill, "drop_incomplete": drop}
    with TemporaryDirectory() as directory:
        found = mapped(rows, Path(directory))
        expected = _outcome(lambda: ohlcv_to_dataframe(rows, timeframe, PAIR, **named))
        made = _outcome(lambda: cleaning._from_rows(found, timeframe, PAIR, **named))
        assert_same_outcome(made, expected)


@pytest.mark.parametrize("timeframe", REGULAR)
def test_of_mapped_candles_that_are_complete_the_columns_are_taken(
    timeframe: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = regular(30, timeframe), regular(30, timeframe, 5, 2)
    expected = _refreshed(ohlcv_to_dataframe, clean_ohlcv_dataframe, first, second, timeframe)
    for name in ("_plain_from_rows", "_plain_clean"):
        monkeypatch.setattr(cleaning, name, _refuse)
    found = [mapped(rows, tmp_path) for rows in (first, second)]
    for made, wanted in zip(_refreshed(cleaning._from_rows, cleaning._clean, *found, timeframe), expected, strict=True):
        assert_same(made, wanted)


@pytest.mark.parametrize("drop", [False, True])
def test_what_a_strategy_writes_reaches_nobody_who_maps_the_same(tmp_path: Path, drop: bool) -> None:
    rows = regular(20)
    found = mapped(rows, tmp_path)
    before = found.times.tobytes(), found.values.tobytes()
    named = {"fill_missing": True, "drop_incomplete": drop}
    frame = cleaning._from_rows(found, "1m", PAIR, **named)
    frame.loc[3, "close"] = -5.0
    frame.iloc[0, 5] = 9.0
    frame["open"] += 1
    for block in frame._mgr.blocks:
        if block.values.dtype.kind == "f":
            block.values[...] = -1.0
    assert (frame.iloc[:, 1:] == -1.0).all(axis=None), "in place"
    assert_same(cleaning._from_rows(found, "1m", PAIR, **named), ohlcv_to_dataframe(rows, "1m", PAIR, **named))
    assert (found.times.tobytes(), found.values.tobytes()) == before


@pytest.mark.parametrize("at", [2**47 // 1000 * 1000 + 1000, 2**53, 2**62, 2**62 + 60_000, 2**63 - 1])
def test_times_beyond_calendars_do_not_become_others(at: int, tmp_path: Path) -> None:
    """As microseconds some of them would be of 1970."""
    rows = [[at, 1.0, 1.0, 1.0, 1.0, 1.0]]
    found, named = mapped(rows, tmp_path), {"fill_missing": True, "drop_incomplete": False}
    assert not cleaning.takes(found, "1s")
    expected = _outcome(lambda: ohlcv_to_dataframe(rows, "1m", PAIR, **named))
    made = _outcome(lambda: cleaning._from_rows(found, "1m", PAIR, **named))
    assert_same_outcome(made, expected)


@pytest.mark.parametrize("change", [list.pop, lambda rows: rows.pop(0), lambda rows: rows[-1].__setitem__(4, 7.0)])
def test_mapped_candles_that_somebody_changed_are_what_he_made_of_them(
    change: Callable[[Any], Any], tmp_path: Path
) -> None:
    rows = regular(20)
    found, named = mapped(rows, tmp_path), {"fill_missing": True, "drop_incomplete": False}
    for one in (rows, found):
        change(one)
    assert_same(cleaning._from_rows(found, "1m", PAIR, **named), ohlcv_to_dataframe(rows, "1m", PAIR, **named))
