"""Closed candles, in memory (the series used last) and on disk (all).

One file a series, as FreqTrade has them. New candles are written some time after they came: a crash loses what the
exchange tells again. A file that cannot be read is set aside; a disk that is full is told, and what was there stays.
"""

import asyncio
import contextlib
import os
import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from loguru import logger

from pool.exchange.gateway.candles import files
from pool.exchange.gateway.candles.frames import Frame, empty
from pool.exchange.gateway.candles.series import Series
from pool.exchange.gateway.candles.settings import CandleSettings

_WRITE_AFTER_SECONDS = 60.0
_WRITE_AFTER_CANDLES = 20_000
_DAY_MS = 86_400_000
_MOST_PROBLEMS = 20
_MOST_HELD = 1000


class NotWritten(Exception):
    """The disk does not take what is to be kept; says so in a sentence."""


@dataclass(slots=True)
class _Held:
    frame: Frame
    unwritten: int = 0
    since: float = 0.0
    """When the oldest unwritten candle came, by the store's clock."""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Store:
    """`wall_ms` is the machine's clock in milliseconds, `clock` monotonic, in seconds. Close it with `flush`."""

    def __init__(
        self,
        directory: Path,
        settings: CandleSettings,
        wall_ms: Callable[[], int],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._directory = directory
        self._settings = settings
        self._wall_ms = wall_ms
        self._clock = clock
        self._held: OrderedDict[Series, _Held] = OrderedDict()
        self._opening: dict[Series, asyncio.Future[None]] = {}
        self._told: dict[Path, str] = {}
        self._failed: dict[Path, str] = {}
        self.losses = 0
        """Goes up whenever candles that were kept are not any more."""
        self.counters: Counter[str] = Counter()
        """`l1_hit`, `l1_miss`, `l3_hit`, `l3_miss`, `corrupt`, `evicted`."""

    async def frame(self, series: Series) -> Frame:
        """All closed candles that are kept. Raises OSError where the disk does not give them."""
        return (await self._of(series)).frame

    async def add(self, series: Series, candles: Frame) -> None:
        """Closed candles, later told ones in place of former."""
        if not len(candles):
            return
        held = await self._put(series, len(candles), lambda kept: kept.then(candles))
        if held.unwritten >= _WRITE_AFTER_CANDLES:
            await self._write(series, held)
        await self._shrink()

    async def fill(self, series: Series, candles: Frame) -> None:
        """Closed candles from elsewhere, written at once; those that are kept stay as they are. Raises NotWritten,
        OSError."""
        held = await self._put(series, len(candles), lambda kept: candles.then(kept))
        await self._write(series, held)
        if (problem := self._failed.get(series.file(self._directory / series.exchange))) is not None:
            raise NotWritten(problem)
        await self._shrink()

    async def tend(self) -> None:
        """Writes what waits for long enough; removes what is too much."""
        now = self._clock()
        for series, held in list(self._held.items()):
            if held.unwritten and now - held.since >= _WRITE_AFTER_SECONDS:
                await self._write(series, held)
        await asyncio.to_thread(self._bound)

    async def flush(self) -> None:
        """Writes all that waits."""
        for series, held in list(self._held.items()):
            await self._write(series, held)

    def count(self, series: Series) -> None:
        """Somebody is about to ask for it: once for each, however often it is looked at for him."""
        self.counters["l1_hit" if series in self._held else "l1_miss"] += 1

    def problems(self) -> list[str]:
        """In sentences."""
        return [*self._told.values(), *self._failed.values()][:_MOST_PROBLEMS]

    def used_bytes(self) -> int:
        """In memory."""
        return sum(held.frame.size for held in self._held.values())

    async def _put(self, series: Series, count: int, joined: Callable[[Frame], Frame]) -> _Held:
        while True:
            held = await self._of(series)
            async with held.lock:
                if self._held.get(series) is not held:
                    continue  # it was pushed out meanwhile
                many = count >= _WRITE_AFTER_CANDLES
                held.frame = await asyncio.to_thread(joined, held.frame) if many else joined(held.frame)
                if not held.unwritten:
                    held.since = self._clock()
                held.unwritten += count
                return held

    async def _of(self, series: Series) -> _Held:
        held = self._held.get(series)
        while held is None:  # it may be pushed out again before it is seen here
            await self._open(series)
            held = self._held.get(series)
        self._held.move_to_end(series)
        return held

    async def _open(self, series: Series) -> None:
        """One reading at a time: two would make two of what is held."""
        opening = self._opening.get(series)
        if opening is None:
            opening = self._opening[series] = asyncio.ensure_future(self._load(series))
            opening.add_done_callback(lambda _: self._opening.pop(series, None))
        await asyncio.shield(opening)

    async def _load(self, series: Series) -> None:
        frame = await asyncio.to_thread(self._read, series)
        self.counters["l3_miss" if frame is None else "l3_hit"] += 1
        self._held[series] = _Held(empty(len(series.columns)) if frame is None else frame)
        await self._shrink()

    def _read(self, series: Series) -> Frame | None:
        file = series.file(self._directory / series.exchange)
        try:
            frame = files.read(file, series)
        except files.Corrupt as problem:
            self.counters["corrupt"] += 1
            aside = file.with_name(f"{file.name}.corrupt")
            file.replace(aside)
            self._told[file] = f"A candle file cannot be read and was set aside as {aside.name}; it is fetched anew."
            logger.error("candles: {}; set aside as {}", problem, aside)
            return None
        if frame is not None:
            with contextlib.suppress(OSError):
                os.utime(file, (time.time(), file.stat().st_mtime))  # used now, though not changed
        return frame

    async def _write(self, series: Series, held: _Held) -> None:
        async with held.lock:
            if not held.unwritten:
                return
            file = series.file(self._directory / series.exchange)
            held.frame = self._young(series, held.frame)
            try:
                await asyncio.to_thread(files.write, file, series, held.frame)
            except OSError as problem:
                held.since = self._clock()
                if file not in self._failed:
                    logger.error("candles cannot be written to {}: {}", file, problem)
                self._failed[file] = f"Candles cannot be written ({problem.strerror}); make room on the gateway's disk."
                return
            held.unwritten = 0
            self._failed.pop(file, None)
            self._told.pop(file, None)

    async def _shrink(self) -> None:
        """Forgets the series used longest ago; those that cannot be written go, too: the exchange tells them again."""
        while len(self._held) > 1 and (len(self._held) > _MOST_HELD or self.used_bytes() > self._settings.memory_bytes):
            series, held = next(iter(self._held.items()))
            await self._write(series, held)
            if self._held.get(series) is held and not held.lock.locked():
                del self._held[series]
                self.losses += held.unwritten > 0
            else:
                break

    def _young(self, series: Series, frame: Frame) -> Frame:
        days = self._settings.keep_days.get(series.timeframe)
        oldest = 0 if days is None else self._wall_ms() - days * _DAY_MS
        if not len(frame) or frame.dates[0] >= oldest:
            return frame
        self.losses += 1
        return frame.between(oldest, int(frame.dates[-1]) + 1)

    def _bound(self) -> None:
        """Removes files, those used longest ago first, until they are few enough. Runs in a thread."""
        found: list[tuple[float, int, Path]] = []
        for pattern in ("*/*.feather*", "*/futures/*.feather*"):
            for file in self._directory.glob(pattern):
                with contextlib.suppress(OSError):
                    told = file.stat()
                    found.append((max(told.st_atime, told.st_mtime), told.st_size, file))
        excess = sum(size for _, size, _ in found) - self._settings.disk_bytes
        for _, size, file in sorted(found):
            if excess <= 0:
                return
            with contextlib.suppress(OSError):
                file.unlink()
                excess -= size
                self.counters["evicted"] += 1
                self.losses += 1
