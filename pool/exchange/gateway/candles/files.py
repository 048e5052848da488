"""Candle files as FreqTrade's feather handler reads and writes them.

A column `date` in UTC and the values as float64, compressed with LZ4. PyArrow is imported when the
first file is touched: a gateway that nobody asks for candles is smaller by it.
"""

import contextlib
import errno
import os
from pathlib import Path
from typing import Any

import numpy as np

from pool.exchange.gateway.candles.frames import Frame, check
from pool.exchange.gateway.candles.series import FUNDING_RATE, Series

_LEVEL = 9
_COMPRESSION = "lz4"


class Corrupt(Exception):
    """A file that is not one of candles."""


def read(file: Path, series: Series) -> Frame | None:
    """None where there is no file. Raises Corrupt, or OSError where it cannot be read."""
    import pyarrow  # type: ignore[import-untyped]
    from pyarrow import feather

    if not file.exists():
        return None
    try:
        return frame_of_table(feather.read_table(file, memory_map=False), series)
    except MemoryError as problem:  # PyArrow's is one of its own as well, and says nothing of the file
        raise no_memory() from problem
    except (pyarrow.ArrowException, OSError, ValueError, KeyError, TypeError) as problem:
        if isinstance(problem, OSError) and problem.errno is not None:  # without one it is what PyArrow cannot unpack
            raise
        raise Corrupt(f"{file.name}: {problem}") from problem


def write(file: Path, series: Series, frame: Frame) -> None:
    """By atomic replacement: what was there stays where this fails. Raises OSError."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.draft")
    try:
        with open(draft, "wb") as stream:
            encode(stream, series, frame)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(file)
    except BaseException as problem:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        if isinstance(problem, MemoryError):
            raise no_memory() from problem
        raise


def no_memory() -> OSError:
    return OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))


def encode(stream: Any, series: Series, frame: Frame) -> None:
    """The bytes of a file. Raises OSError."""
    import pyarrow
    from pyarrow import feather

    columns = {"date": pyarrow.array(frame.dates * 1000).cast(pyarrow.timestamp("us", "UTC"))}
    for position, name in enumerate(series.columns):
        columns[name] = pyarrow.array(np.ascontiguousarray(frame.values[:, position]))
    feather.write_feather(pyarrow.table(columns), stream, compression=_COMPRESSION, compression_level=_LEVEL)


def frame_of_table(table: Any, series: Series) -> Frame:
    """Raises KeyError, ValueError, or what PyArrow raises, for a table that holds no such candles."""
    import pyarrow

    names = set(table.column_names)
    wanted = list(series.columns)
    if series.type == FUNDING_RATE and not set(wanted) <= names:
        wanted = ["open"]  # FreqTrade's layout of before
    moments = table.column("date").cast(pyarrow.timestamp("ms", "UTC"), safe=False)
    dates = moments.cast(pyarrow.int64()).to_numpy()
    values = [table.column(name).cast(pyarrow.float64()).to_numpy() for name in wanted]
    frame = Frame(np.asarray(dates, np.int64), np.column_stack(values) if len(dates) else np.empty((0, len(wanted))))
    check(frame)
    return frame
