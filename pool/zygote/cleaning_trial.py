"""The hooks of `pool.zygote.cleaning` tried: the same candles make the same frames with and without them."""

from typing import Any

from freqtrade.candle_columns import OHLCV_COLUMNS
from freqtrade.exchange import timeframe_to_msecs
from pandas import DataFrame, Series, concat  # type: ignore[import-untyped]

from pool.bot.trial_candles import TRIAL_END, trial_candles
from pool.zygote import cleaning

_PAIR = "BTC/USDT"
_CANDLES = 40
_TIMEFRAMES = ("1m", "4h", "1d")
_SKIPPED = 20
"""A gap, for which it takes FreqTrade."""


def differs() -> str | None:
    """None where they make what FreqTrade makes, else a sentence's end."""
    for timeframe in _TIMEFRAMES:
        rows = _rows(timeframe)
        if not cleaning.takes(rows, timeframe):
            return f"nothing was left out, of {timeframe}."
        for told in (rows, rows[:1], rows[:_SKIPPED] + rows[_SKIPPED + 1 :]):
            if _plain(_refreshed(told, timeframe, hooked=True)) != _plain(_refreshed(told, timeframe, hooked=False)):
                return f"FreqTrade makes something else of {len(told)} candles of {timeframe}."
    return None


def _rows(timeframe: str) -> list[list[Any]]:
    """As ccxt answers them."""
    frame, step = trial_candles(timeframe, _CANDLES), timeframe_to_msecs(timeframe)
    first = (int(TRIAL_END.timestamp() * 1000) - _CANDLES * step) // step * step
    values = frame[OHLCV_COLUMNS[1:]].to_numpy().tolist()
    return [[first + number * step, *row] for number, row in enumerate(values)]


def _refreshed(rows: list[list[Any]], timeframe: str, *, hooked: bool) -> list[DataFrame]:
    """What FreqTrade's exchange makes of a first answer and of a later one."""
    make = cleaning._from_rows if hooked else cleaning._plain_from_rows
    clean = cleaning._clean if hooked else cleaning._plain_clean
    first = make(rows[:-2] or rows, timeframe, _PAIR, fill_missing=True, drop_incomplete=len(rows) > 1)
    second = make(rows[3:] or rows, timeframe, _PAIR, fill_missing=False, drop_incomplete=False)
    whole = clean(concat([first, second], axis=0), timeframe, _PAIR, fill_missing=True, drop_incomplete=False)
    return [first, second, whole]


def _plain(frames: list[DataFrame]) -> list[Any]:
    return [
        (
            repr(frame.index),
            [(name, str(frame[name].dtype), _bits(frame[name])) for name in frame.columns],
            [(block.values.shape, list(block.mgr_locs)) for block in frame.copy()._mgr.blocks],
        )
        for frame in frames
    ]


def _bits(column: Series) -> bytes:
    bits: bytes = (column.astype("int64") if column.name == "date" else column).to_numpy().tobytes()
    return bits
