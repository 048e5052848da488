"""Where candles from elsewhere wait to be taken into the store, whose one writer is the gateway.

Who may write the gateway's directory puts a file of candles there, and then, in one step, a letter that says whose they
are; whoever has the directory's lock (the gateway; where none runs, who brings them) takes them and leaves an answer.
Killed at any moment, a letter is there or not: it is taken again, which changes nothing.
"""

import asyncio
import contextlib
import json
import time
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from loguru import logger

from pool.exchange.directory import write
from pool.exchange.gateway.candles import files
from pool.exchange.gateway.candles.frames import Frame
from pool.exchange.gateway.candles.judging import compared
from pool.exchange.gateway.candles.series import Refused, Series
from pool.exchange.gateway.candles.settings import CandleSettings
from pool.exchange.gateway.candles.store import NotWritten, Store

_LETTER, _ANSWER, _SETTINGS = ".letter", ".answer", "settings.json"
_LEFT_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Taken:
    """How one arrival ended; `problem`: nothing was taken, in a sentence."""

    added: int = 0
    differing: int = 0
    problem: str | None = None


class Arrivals:
    """In the gateway's directory."""

    def __init__(self, home: Path) -> None:
        self._directory = home / "arrivals"

    def put(self, series: Series, frame: Frame) -> str:
        """Its number, for `answer`. Raises OSError."""
        number = uuid.uuid4().hex
        place = self._directory / f"{number}.feather"
        try:
            files.write(place, series, frame)
            write(self._directory / f"{number}{_LETTER}", json.dumps(asdict(series)))
        except BaseException:
            place.unlink(missing_ok=True)
            raise
        return number

    def answer(self, number: str) -> Taken | None:
        """Once; None before there is one."""
        place = self._directory / f"{number}{_ANSWER}"
        try:
            told = Taken(**json.loads(place.read_text()))
        except FileNotFoundError:
            return None
        place.unlink(missing_ok=True)
        return told

    def waiting(self) -> list[str]:
        """Numbers."""
        return sorted(place.stem for place in self._directory.glob(f"*{_LETTER}"))

    def tell(self, settings: CandleSettings) -> None:
        """What the gateway goes by: who imports may have another environment. Raises OSError."""
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        write(self._directory / _SETTINGS, settings.model_dump_json())

    def settings(self) -> CandleSettings:
        """Those that the gateway told last; else those of the environment."""
        try:
            return CandleSettings(**json.loads((self._directory / _SETTINGS).read_text()))
        except (OSError, ValueError, TypeError):
            return CandleSettings()

    def size(self, number: str) -> int:
        """In bytes. Raises OSError."""
        return (self._directory / f"{number}.feather").stat().st_size

    def forget(self, number: str) -> None:
        """Does not wait any more. Raises OSError."""
        for suffix in (_LETTER, ".feather"):
            (self._directory / f"{number}{suffix}").unlink(missing_ok=True)

    async def take(self, store: Store) -> None:
        """All that wait, one after the other. For who has the directory's lock. Raises OSError where an answer cannot
        be left: its letter stays."""
        for number in self.waiting():
            taken = await self._take(number, store)
            write(self._directory / f"{number}{_ANSWER}", json.dumps(asdict(taken)))
            self.forget(number)

    def sweep(self, now: Callable[[], float] = time.time) -> None:
        """Removes what nobody asked for any more. `now` is in seconds since 1970."""
        needed = {*self.waiting(), "settings"}
        for place in self._directory.glob("*"):
            with contextlib.suppress(OSError):
                number = place.name.lstrip(".").split(".")[0]
                if number not in needed and place.stat().st_mtime < now() - _LEFT_SECONDS:
                    place.unlink()

    async def _take(self, number: str, store: Store) -> Taken:
        try:
            told = json.loads((self._directory / f"{number}{_LETTER}").read_text())
            series = Series.of(told["exchange"], told["pair"], told["timeframe"], told["type"])
            coming = await asyncio.to_thread(files.read, self._directory / f"{number}.feather", series)
        except (OSError, ValueError, KeyError, TypeError, Refused, files.Corrupt) as failed:
            logger.error("candles: what arrived cannot be read: {}", failed)
            return Taken(problem="It cannot be read on its way to the store; import it again.")
        if coming is None:
            return Taken(problem="It was lost on its way to the store; import it again.")
        try:
            kept = await store.frame(series)
            found = await asyncio.to_thread(compared, kept, coming)
            if (problem := found.problem()) is not None:
                return Taken(problem=problem)
            if found.common < len(coming):
                await store.fill(series, coming)
        except NotWritten as failed:
            return Taken(problem=f"{failed} Then import it again.")
        except OSError as failed:
            return Taken(problem=f"The gateway cannot read its disk ({failed.strerror}); see to it.")
        added = len(coming) - found.common
        logger.info("candles: {} of {} {} {} imported", added, series.exchange, series.pair, series.timeframe)
        return Taken(added, found.differing)
