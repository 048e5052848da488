"""Candles become a frame without FreqTrade's cleaning, where that would change nothing.

FreqTrade groups an answer's candles by date, fills gaps by resampling, joins the result to the frame that it has, and
does both again: most of what a candle costs a bot. Of candles that follow each other without a gap, or of two such
runs that overlap or touch, the result is known: theirs, where both have a candle the earlier run's open, the later
one's close, and the extremes of both. The hooks make that frame, to the last bit. All else is FreqTrade's own: gaps,
duplicates, candles out of order or off their times, weeks and months, whatever is no plain number, rates of funding,
and where the log is to tell of it.
"""

import logging
from collections.abc import Callable
from functools import lru_cache
from itertools import chain
from typing import Any

import numpy as np
from ccxt import BaseError
from freqtrade.candle_columns import OHLCV_COLUMNS, candle_type_is_ohlcv
from freqtrade.data.converter import clean_ohlcv_dataframe, converter, ohlcv_to_dataframe
from freqtrade.enums import CandleType
from freqtrade.exchange import exchange, timeframe_to_seconds
from numpy.typing import NDArray
from pandas import DataFrame, DatetimeIndex, DatetimeTZDtype  # type: ignore[import-untyped]

from pool.bot.market.mapped import Rows

_DAY_SECONDS = 86_400
_OPEN, _HIGH, _LOW, _CLOSE, _VOLUME = range(5)
_DATE_TYPE = DatetimeTZDtype("us", "UTC")
_LATEST_MS = 2**47
_plain_from_rows: Any = ohlcv_to_dataframe
_plain_clean: Any = clean_ohlcv_dataframe
_log = logging.getLogger(converter.__name__)

Dates = NDArray[np.int64]
"""Microseconds since the epoch."""
Values = NDArray[np.float64]
"""A row each for open, high, low, close and volume."""


def install() -> Callable[[], None]:
    """Puts the hooks in, for what exchanges answer; the answer takes them out again."""
    exchange.ohlcv_to_dataframe, exchange.clean_ohlcv_dataframe = _from_rows, _clean
    return uninstall


def uninstall() -> None:
    exchange.ohlcv_to_dataframe, exchange.clean_ohlcv_dataframe = _plain_from_rows, _plain_clean


def takes(ohlcv: list[Any], timeframe: str) -> bool:
    """Whether these candles of a spot market need no cleaning."""
    return _made(_read_rows, ohlcv, timeframe, CandleType.SPOT, False) is not None


def _from_rows(
    ohlcv: list[Any],
    timeframe: str,
    pair: str,
    *,
    fill_missing: bool = True,
    drop_incomplete: bool = True,
    candle_type: CandleType = CandleType.SPOT,
) -> DataFrame:
    """Hook of FreqTrade's `ohlcv_to_dataframe`."""
    frame = _made(_read_rows, ohlcv, timeframe, candle_type, drop_incomplete)
    if frame is not None:
        return frame
    return _plain_from_rows(
        ohlcv, timeframe, pair, fill_missing=fill_missing, drop_incomplete=drop_incomplete, candle_type=candle_type
    )


def _clean(
    dataframe: DataFrame,
    timeframe: str,
    pair: str,
    *,
    fill_missing: bool,
    drop_incomplete: bool,
    candle_type: CandleType = CandleType.SPOT,
) -> DataFrame:
    """Hook of FreqTrade's `clean_ohlcv_dataframe`."""
    frame = _made(_read_frame, dataframe, timeframe, candle_type, drop_incomplete)
    if frame is not None:
        return frame
    return _plain_clean(
        dataframe, timeframe, pair, fill_missing=fill_missing, drop_incomplete=drop_incomplete, candle_type=candle_type
    )


def _made(
    read: Callable[[Any], tuple[Dates, Values] | None],
    told: Any,
    timeframe: str,
    candle_type: CandleType,
    drop_incomplete: bool,
) -> DataFrame | None:
    step = _step(timeframe, candle_type)
    candles = read(told) if step else None
    return _cleaned(*candles, step, drop_incomplete) if candles and step else None


def _step(timeframe: str, candle_type: CandleType) -> int | None:
    """Microseconds of a candle; None for what is FreqTrade's own. Days divided evenly are what it resamples by."""
    if not candle_type_is_ohlcv(candle_type) or _log.isEnabledFor(logging.DEBUG):
        return None
    return _length(timeframe)


@lru_cache(maxsize=64)
def _length(timeframe: str) -> int | None:
    try:
        seconds = int(timeframe_to_seconds(timeframe))
    except (BaseError, ValueError):
        return None
    return seconds * 1_000_000 if seconds > 0 and _DAY_SECONDS % seconds == 0 else None


def _read_rows(ohlcv: list[Any]) -> tuple[Dates, Values] | None:
    """What ccxt's candles are where nothing is missing: whole milliseconds, and five fractions. Of mapped ones they
    are copied, for nobody may write there."""
    if type(ohlcv) is Rows and ohlcv.as_made and bool((ohlcv.times <= _LATEST_MS).all()):
        return ohlcv.times * 1000, ohlcv.values.copy()
    if not ohlcv or any(type(row) is not list or len(row) != len(OHLCV_COLUMNS) for row in ohlcv):
        return None
    columns = list(zip(*ohlcv, strict=True))
    if set(map(type, columns[0])) != {int} or set(map(type, chain(*columns[1:]))) != {float}:
        return None
    if min(columns[0]) < 0 or max(columns[0]) > _LATEST_MS:
        return None
    return np.array(columns[0], dtype=np.int64) * 1000, np.array(columns[1:], dtype=np.float64)


def _read_frame(frame: DataFrame) -> tuple[Dates, Values] | None:
    types = frame.dtypes
    if frame.empty or list(types.index) != OHLCV_COLUMNS or list(types) != [_DATE_TYPE] + [np.dtype(np.float64)] * 5:
        return None
    dates = frame["date"].to_numpy(dtype="datetime64[us]").view(np.int64)
    return dates, np.array([frame[name].to_numpy() for name in OHLCV_COLUMNS[1:]])


def _cleaned(dates: Dates, values: Values, step: int, drop_incomplete: bool) -> DataFrame | None:
    """None where it takes FreqTrade to say what becomes of them. A zero that is negative would become another one."""
    if not np.isfinite(values).all() or np.signbit(values).any():
        return None
    breaks = np.flatnonzero(np.diff(dates) != step) + 1
    if dates[0] % step or len(breaks) > 1:
        return None
    if len(breaks) == 1:
        joined = _joined(dates, values, int(breaks[0]), step)
        if joined is None:
            return None
        dates, values = joined
    if drop_incomplete:
        dates, values = dates[:-1], values[:, :-1]
    return _frame(dates, values) if len(dates) else None


def _joined(dates: Dates, values: Values, at: int, step: int) -> tuple[Dates, Values] | None:
    """Two runs as one, the second beginning at row `at`; None where there is a gap between them."""
    start, end = min(dates[0], dates[at]), max(dates[at - 1], dates[-1])
    apart = dates[at] > dates[at - 1] + step or dates[0] > dates[-1] + step
    if apart or dates[at] % step:
        return None
    first, second = values[:, :at], values[:, at:]
    result = np.full((len(values), int((end - start) // step) + 1), -np.inf)
    result[_LOW] = np.inf
    earlier, later = (_place(begin, start, step, run) for begin, run in ((dates[0], first), (dates[at], second)))
    result[_OPEN, later], result[_OPEN, earlier] = second[_OPEN], first[_OPEN]
    result[_CLOSE, earlier], result[_CLOSE, later] = first[_CLOSE], second[_CLOSE]
    for place, run in ((earlier, first), (later, second)):
        for column in (_HIGH, _VOLUME):
            result[column, place] = np.maximum(result[column, place], run[column])
        result[_LOW, place] = np.minimum(result[_LOW, place], run[_LOW])
    return np.arange(start, end + step, step, dtype=np.int64), result


def _place(begin: int, start: int, step: int, run: Values) -> slice:
    first = int((begin - start) // step)
    return slice(first, first + run.shape[1])


def _frame(dates: Dates, values: Values) -> DataFrame:
    columns = zip(OHLCV_COLUMNS[1:], np.ascontiguousarray(values), strict=True)
    return DataFrame({"date": DatetimeIndex(dates.view("datetime64[us]"), tz="UTC"), **dict(columns)}, copy=False)
