"""Candles of FreqTrade's data directories into the store, and out of it."""

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

from pool.contract.candle_files import CandleFile
from pool.exchange import directory
from pool.exchange.gateway.candles import files, formats
from pool.exchange.gateway.candles.arrivals import Arrivals, Taken
from pool.exchange.gateway.candles.frames import Frame, check, empty
from pool.exchange.gateway.candles.judging import Judged, Unusable, compared, judged
from pool.exchange.gateway.candles.names import SUFFIXES, NotKept, series_of
from pool.exchange.gateway.candles.series import Series
from pool.exchange.gateway.candles.store import Store

_LOOK_SECONDS = 0.1
_DAMAGED_HERE = "The store's file is damaged; the gateway sets it aside and fetches it anew when it is asked for it."


class CannotMove(Exception):
    """Nothing further can be done; says in a sentence why."""


class _Directory(directory.Directory):
    whose: ClassVar[str] = "A market-data gateway"


class Bringing:
    """`home` is the gateway's directory, `source` one of FreqTrade's data directories. `now_ms` is the wall clock."""

    def __init__(
        self, home: Path, source: Path, exchange: str, now_ms: Callable[[], int], patience_seconds: float
    ) -> None:
        self._home = home
        self._source = source
        self._exchange = exchange
        self._now_ms = now_ms
        self._patience_seconds = patience_seconds
        self._arrivals = Arrivals(home)
        self._settings = self._arrivals.settings()

    def check(self) -> Iterator[CandleFile]:
        """What `run` would do, as far as the disk tells: the gateway may have more in memory."""
        return self._each(self._looked)

    def run(self) -> Iterator[CandleFile]:
        """Raises CannotMove, OSError."""
        return self._each(self._brought)

    def _each(self, done: Callable[[Series, Judged], Taken]) -> Iterator[CandleFile]:
        for file, found in candle_files(self._source, self._exchange):
            if isinstance(found, NotKept):
                yield told(self._source, file, self._exchange, outcome="skipped", message=str(found))
            else:
                yield self._one(file, found, done)

    def _one(self, file: Path, series: Series, done: Callable[[Series, Judged], Taken]) -> CandleFile:
        keep_days = self._settings.keep_days.get(series.timeframe)
        try:
            found = judged(series, formats.raw(file, series), self._now_ms(), keep_days)
        except Unusable as problem:
            return told(self._source, file, series, outcome="refused", message=str(problem))
        except OSError as problem:
            return told(self._source, file, series, outcome="refused", message=f"It cannot be read: {_why(problem)}.")
        facts = {**_facts(series, found.frame), "left_out": dict(found.left_out)}
        if not len(found.frame):
            return told(self._source, file, series, outcome="nothing", **facts)
        taken = done(series, found)
        if taken.problem is not None:
            return told(self._source, file, series, outcome="refused", message=taken.problem, **facts)
        return told(self._source, file, series, added=taken.added, differing=taken.differing, **facts)

    def _looked(self, series: Series, found: Judged) -> Taken:
        try:
            kept = files.read(series.file(self._home / "candles" / series.exchange), series)
        except (files.Corrupt, OSError):
            kept = None
        beside = compared(kept or empty(len(series.columns)), found.frame)
        return Taken(len(found.frame) - beside.common, beside.differing, beside.problem())

    def _brought(self, series: Series, found: Judged) -> Taken:
        used = sum(file.stat().st_size for file in (self._home / "candles").glob("**/*.feather*"))
        number = self._arrivals.put(series, found.frame)
        try:
            if used + self._arrivals.size(number) > self._settings.disk_bytes:
                return Taken(
                    problem=f"The store would be fuller than its {self._settings.disk_bytes // 2**20} MB, and others' "
                    "candles would go; let it have more by FLOTILLA_GATEWAY_CANDLES_DISK_BYTES and import it again."
                )
            return self._awaited(number)
        finally:
            self._arrivals.forget(number)

    def _awaited(self, number: str) -> Taken:
        deadline = time.monotonic() + self._patience_seconds
        while (taken := self._arrivals.answer(number)) is None:
            if not self._taken_here():
                if time.monotonic() > deadline:
                    raise CannotMove(
                        "The market-data gateway takes no candles: it hangs, or is of a release before this one; "
                        "restart it and import again. What was imported stays."
                    )
                time.sleep(_LOOK_SECONDS)
        return taken

    def _taken_here(self) -> bool:
        """Whether no gateway runs; then it is done here."""
        try:
            held = _Directory.open(self._home)
        except directory.AlreadyRunning:
            return False
        try:
            store = Store(self._home / "candles", self._settings, self._now_ms)
            asyncio.run(self._arrivals.take(store))
        finally:
            held.close()
        return True


def exported(home: Path, exchange: str, target: Path, wanted: Callable[[Series], bool]) -> Iterator[CandleFile]:
    """Candles of the store into a data directory of FreqTrade's; what is there stays where the store has nothing."""
    source = home / "candles" / exchange
    for file, series, ours in _stored(source, exchange, wanted):
        if isinstance(ours, CandleFile):
            yield ours
            continue
        place = series.file(target)
        try:
            theirs = formats.raw(place, series) if place.exists() else empty(len(series.columns))
            check(theirs)
        except (Unusable, ValueError, OSError):
            message = f"{place} is there and cannot be read; move it away and export again."
            yield told(source, file, series, outcome="refused", message=message)
            continue
        if ours is None or not len(ours):
            continue
        if len(theirs) and theirs.dates[-1] < ours.dates[-1]:
            theirs = theirs.between(0, int(theirs.dates[-1]))  # its last one may not have been closed
        whole = theirs.then(ours)
        files.write(place, series, whole)
        yield told(source, file, series, added=len(whole) - len(theirs), **_facts(series, ours))


def listed(home: Path, exchange: str, wanted: Callable[[Series], bool]) -> Iterator[CandleFile]:
    """What the store has on disk."""
    source = home / "candles" / exchange
    for file, series, ours in _stored(source, exchange, wanted):
        if isinstance(ours, CandleFile):
            yield ours
        else:
            yield told(source, file, series, **({} if ours is None else _facts(series, ours)))


def _stored(
    source: Path, exchange: str, wanted: Callable[[Series], bool]
) -> Iterator[tuple[Path, Series, Frame | CandleFile | None]]:
    """The store's candles, or what there is to tell of a file that cannot be read; None where it is gone."""
    for file, series in candle_files(source, exchange):
        if isinstance(series, NotKept) or not wanted(series):
            continue
        try:
            yield file, series, files.read(file, series)
        except (files.Corrupt, OSError):
            yield file, series, told(source, file, series, outcome="refused", message=_DAMAGED_HERE)


def candle_files(source: Path, exchange: str) -> Iterator[tuple[Path, Series | NotKept]]:
    """Of a data directory, those first that FreqTrade writes by default. Raises OSError where there is none."""
    for folder in (source, source / "futures"):
        if folder != source and not folder.is_dir():
            continue
        found = sorted(folder.iterdir(), key=lambda file: (_preference(file), file.name))
        for file in found:
            try:
                series = series_of(exchange, file.name, folder != source) if file.is_file() else None
            except NotKept as problem:
                yield file, problem
            else:
                if series is not None:
                    yield file, series


def told(source: Path, file: Path, whose: Series | str, **facts: Any) -> CandleFile:
    name = str(file.relative_to(source))
    if isinstance(whose, str):
        return CandleFile(file=name, exchange=whose, **facts)
    names = {"exchange": whose.exchange, "pair": whose.pair, "timeframe": whose.timeframe, "type": whose.type}
    return CandleFile.model_validate({"file": name, "outcome": "done", **names, **facts})


def _facts(series: Series, frame: Frame) -> dict[str, Any]:
    if not len(frame):
        return {}
    gaps = max(0, len(frame.runs(series.step)) - 1) if series.on_grid else 0
    return {"candles": len(frame), "begin": int(frame.dates[0]), "end": int(frame.dates[-1]), "gaps": gaps}


def _preference(file: Path) -> int:
    return next((number for number, suffix in enumerate(SUFFIXES) if file.name.endswith(suffix)), len(SUFFIXES))


def _why(problem: OSError) -> str:
    return problem.strerror or str(problem)
