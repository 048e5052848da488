"""Candle files in the formats that FreqTrade writes, as they are: nothing is checked but that they can be read."""

import gzip
import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from pool.exchange.gateway.candles.files import no_memory
from pool.exchange.gateway.candles.frames import Frame, empty
from pool.exchange.gateway.candles.judging import Unusable
from pool.exchange.gateway.candles.series import FUNDING_RATE, Series

_OHLCV = 5
_UNREADABLE = (ValueError, TypeError, LookupError, EOFError, OverflowError, RecursionError, zlib.error)
_DAMAGED = "It is damaged, or no file of candles; download it again."


def raw(file: Path, series: Series) -> Frame:
    """In the file's own order. Raises Unusable, or OSError where the disk does not give it."""
    try:
        if file.name.endswith((".json", ".json.gz")):
            return _of_text(file, series)
        return _of_table(_table(file), series)
    except gzip.BadGzipFile as problem:
        raise Unusable(_DAMAGED) from problem
    except OSError as problem:
        if problem.errno is not None:  # without one it is what PyArrow cannot unpack
            raise
        raise Unusable(_DAMAGED) from problem
    except (
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        EOFError,
        OverflowError,
        RecursionError,
        zlib.error,
    ) as problem:
        raise Unusable(_DAMAGED) from problem


def _table(file: Path) -> Any:
    import pyarrow  # type: ignore[import-untyped]
    from pyarrow import feather, parquet

    try:
        if file.name.endswith(".parquet"):
            return parquet.ParquetFile(file).read()
        return feather.read_table(file, memory_map=False)
    except MemoryError as problem:
        raise no_memory() from problem
    except pyarrow.ArrowException as problem:
        raise Unusable(_DAMAGED) from problem


def _of_table(table: Any, series: Series) -> Frame:
    import pyarrow

    wanted = list(series.columns)
    if series.type == FUNDING_RATE and not set(wanted) <= set(table.column_names):
        wanted = ["open"]  # FreqTrade's layout of before
    if missing := {"date", *wanted} - set(table.column_names):
        raise Unusable(f"It has no column {sorted(missing)[0]}; download it again.")
    try:
        moments = table.column("date").cast(pyarrow.timestamp("ms", "UTC"), safe=False)
        if moments.null_count:
            raise Unusable("Some of its candles have no date; download it again.")
        dates = moments.cast(pyarrow.int64()).to_numpy()
        values = [table.column(name).cast(pyarrow.float64()).to_numpy() for name in wanted]
    except pyarrow.ArrowException as problem:
        raise Unusable(_DAMAGED) from problem
    return Frame(np.asarray(dates, np.int64), np.column_stack(values).astype(np.float64))


def _of_text(file: Path, series: Series) -> Frame:
    """Rows of `[milliseconds, values…]`, told apart by how many."""
    told = file.read_bytes()
    rows = json.loads(gzip.decompress(told) if file.name.endswith(".gz") else told)
    if not isinstance(rows, list):
        raise Unusable(_DAMAGED)
    count = len(series.columns)
    if not rows:
        return empty(count)
    widths = {len(row) for row in rows}
    fits = {count + 1, _OHLCV + 1} if series.type == FUNDING_RATE else {count + 1}
    if len(widths) != 1 or not widths <= fits:
        raise Unusable("Its candles have other values than those of their kind; download it again.")
    if any(type(row[0]) is not int for row in rows):
        raise Unusable("Some of its candles have no date; download it again.")
    dates = np.array([row[0] for row in rows], np.int64)
    return Frame(dates, np.array([row[1 : count + 1] for row in rows], np.float64).reshape(-1, count))
