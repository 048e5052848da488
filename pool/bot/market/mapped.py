"""Candles that this bot need not ask for: its pool has them, read already, in files that it maps and cannot write.

They are taken in place of an answer only where the gateway's rule says that it is right still (`freshness`), and where
it is the answer to the very URL that this bot asked for these candles last, read by the same ccxt.
"""

import mmap
import os
import stat
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ccxt
import numpy as np
from numpy.typing import NDArray

from pool.contract.freshness import SMALLEST_BYTES, Moment, fresh
from pool.contract.mapped import COLUMNS, HEAD_BYTES, JUMP_MS, Head, LatestCandles, digest, place
from pool.contract.market import Kind

_MOST_SERIES = 2_000


class Rows(list[list[Any]]):
    """Candles as ccxt answers them, with the same numbers as columns beside."""

    def __init__(self, times: NDArray[np.int64], values: NDArray[np.float64]) -> None:
        super().__init__(map(list, zip(times.tolist(), *values.tolist(), strict=True)))
        self.times = times
        """Unix milliseconds."""
        self.values = values
        """A row each for open, high, low, close and volume."""

    @property
    def as_made(self) -> bool:
        """Whether the list still has as many rows, and the same first and last one."""
        return len(self) == len(self.times) and all(
            self[at] == [int(self.times[at]), *self.values[:, at].tolist()] for at in (0, -1)
        )


class Mapped:
    """`exchange` is the slot's; `pool` the pool's directory; `clock` tells CLOCK_BOOTTIME and Unix milliseconds; `took`
    is told each time that candles were taken."""

    def __init__(
        self,
        pool: Path,
        exchange: Callable[[], str],
        clock: Callable[[], tuple[float, int]] | None = None,
        took: Callable[[], None] = lambda: None,
    ) -> None:
        self._pool = pool
        self._exchange = exchange
        self._clock = clock or _clocks
        self._urls: OrderedDict[str, bytes] = OrderedDict()
        self._maker = digest(ccxt.__version__)
        self._took = took

    def asked(self, series: str, url: str) -> None:
        """This bot asks the exchange's `url` for them, through the gateway."""
        self._urls[series] = digest(url)
        self._urls.move_to_end(series)
        while len(self._urls) > _MOST_SERIES:
            self._urls.popitem(last=False)

    def rows(self, series: LatestCandles, kind: Kind) -> Rows | None:
        """None where the exchange has to be asked."""
        header = series.header()
        if header not in self._urls:
            return None
        content = _mapped(place(self._pool, series.name(self._exchange())))
        head = None if content is None else Head.of(content)
        if content is None or head is None or head.url != self._urls[header] or head.maker != self._maker:
            return None
        times = np.frombuffer(content, np.int64, head.rows, HEAD_BYTES)
        if not self._right(kind, head, times):
            return None
        values = np.frombuffer(content, np.float64, head.rows * COLUMNS, HEAD_BYTES + times.nbytes)
        self._took()
        return Rows(times, values.reshape(COLUMNS, head.rows))

    def _right(self, kind: Kind, head: Head, times: NDArray[np.int64]) -> bool:
        boot, now_ms = self._clock()
        jumped = abs((now_ms - head.asked_ms) - (boot - head.asked_boot) * 1000) > JUMP_MS
        asked, now = Moment(head.asked_boot, head.asked_ms, 0), Moment(boot, now_ms, int(jumped))
        return fresh(kind, asked, now, head.skew_ms, SMALLEST_BYTES, lambda opened, _: bool((times == opened).any()))


def _mapped(file: Path) -> memoryview | None:
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        return memoryview(mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ))
    except (OSError, ValueError):  # it is empty
        return None
    finally:
        os.close(descriptor)


def _clocks() -> tuple[float, int]:
    return time.clock_gettime(time.CLOCK_BOOTTIME), time.time_ns() // 1_000_000
