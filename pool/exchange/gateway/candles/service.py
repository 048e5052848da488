"""Pages of candles: from memory, from disk, or from the exchange."""

import asyncio
import contextlib
import io
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from loguru import logger

from pool.contract.freshness import opening
from pool.contract.market import LevelState
from pool.exchange.gateway.candles import files
from pool.exchange.gateway.candles.arrivals import Arrivals
from pool.exchange.gateway.candles.fetching import Fetching
from pool.exchange.gateway.candles.frames import Frame
from pool.exchange.gateway.candles.series import Refused, Series
from pool.exchange.gateway.candles.settings import CandleSettings
from pool.exchange.gateway.candles.store import Store
from pool.exchange.gateway.candles.times import Now, by_our_clock
from pool.exchange.gateway.candles.workers import Unavailable, Worker, command
from pool.exchange.gateway.clocks import wall_clock_ms

MOST = 5000
USUAL = 500
_TEND_SECONDS = 5.0
_ARRIVALS_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Wanted:
    """A page: candles that open from `since` on, before `until`; at most `limit` steps of time."""

    series: Series
    since: int | None
    until: int | None
    limit: int = USUAL


@dataclass(frozen=True, slots=True)
class Candles:
    """A page. `partial` is the current candle, which may still change."""

    series: Series
    closed: Frame
    partial: list[float] | None
    next: int | None
    """Where the next page begins; None where this is the last one."""

    def body(self) -> dict[str, Any]:
        """As JSON: rows of `[opening in ms, values…]`."""
        rows = self.closed.rows()
        if self.partial is not None:
            rows.append(self.partial)
        return {
            "columns": ["date", *self.series.columns],
            "rows": rows,
            "partial": self.partial is not None,
            "next": self.next,
        }

    def feather(self) -> bytes:
        """The closed ones as a file that FreqTrade reads."""
        stream = io.BytesIO()
        files.encode(stream, self.series, self.closed)
        return stream.getvalue()


class CandleService:
    """Start it, and close it with `aclose`. `host` is what the gateway listens on; `port` its
    first caller tells. `now` tells the time at an exchange, `clock` is monotonic."""

    def __init__(
        self,
        directory: Path,
        paper_url: str | None,
        host: str = "127.0.0.1",
        settings: CandleSettings | None = None,
        now: Callable[[str], Now] = by_our_clock,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings if settings is not None else CandleSettings()
        self._now = now
        self._store = Store(directory / "candles", self.settings, wall_clock_ms)
        self._arrivals = Arrivals(directory)
        self.port = 0
        self.worker = Worker(lambda: command(reached(host, self.port), paper_url), self.settings.worker_idle_seconds)
        self._fetching = Fetching(self._store, self.worker, now, clock)
        self._tasks: list[asyncio.Task[None]] = []

    def told_port(self, port: int) -> None:
        """What the gateway listens on."""
        self.port = port

    async def start(self) -> None:
        try:
            self._arrivals.tell(self.settings)
        except OSError as problem:
            logger.warning("candles: the gateway's directory cannot be written ({})", problem.strerror)
        self._tasks = [asyncio.create_task(self._tend()), asyncio.create_task(self._receive())]

    async def aclose(self) -> None:
        """What waits to be written is."""
        for task in self._tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await self.worker.aclose()
        await self._store.flush()

    async def page(self, wanted: Wanted) -> Candles:
        """Raises Refused, Unavailable."""
        try:
            async with asyncio.timeout(self.settings.patience_seconds):
                return await self._page(wanted)
        except TimeoutError:
            raise Unavailable(
                "The exchange has not told all of these candles yet; try again in a moment.", 2.0
            ) from None
        except OSError as problem:
            raise Unavailable(f"The gateway cannot read its disk ({problem.strerror}); see to it.", 30.0) from problem

    async def _page(self, wanted: Wanted) -> Candles:
        now = self._now(wanted.series.exchange)
        begin, end, following = bounds(wanted, now.there)
        self._store.count(wanted.series)
        closed, partial = await self._fetching.have(wanted.series, begin, end)
        if now.skew_ms is None and (told := self._now(wanted.series.exchange)).skew_ms:  # it is another time there
            begin, end, following = bounds(wanted, told.there)
            closed, partial = await self._fetching.have(wanted.series, begin, end)
        if following is not None and partial is not None and partial[0] > begin:
            following = int(partial[0])  # it ended, but may change still: to be asked for again, unless nothing else is
        return Candles(wanted.series, closed, partial, following)

    async def tickers(self, exchange: str, kind: str, pairs: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Last prices, by pair, of those that are traded. Raises Refused, Unavailable."""
        try:
            async with asyncio.timeout(self.settings.patience_seconds):
                return await self.worker.tickers(exchange, kind, pairs)
        except TimeoutError:
            raise Unavailable("The exchange does not answer in time; try again in a moment.") from None

    def problems(self) -> list[str]:
        """In sentences."""
        return self._store.problems()

    def readings(self) -> Mapping[str, float]:
        """For metrics, by name."""
        return {
            **self._store.counters,
            **self._fetching.counters,
            "memory_bytes": self._store.used_bytes(),
            "worker_starts": self.worker.starts,
            "worker_running": self.worker.running,
        }

    def levels(self) -> list[LevelState]:
        """How often the store had what was wanted."""
        counts = self._store.counters
        return [
            LevelState(level=level, hits=counts[f"{level}_hit"], misses=counts[f"{level}_miss"])
            for level in get_args(LevelState.model_fields["level"].annotation)
        ]

    async def _tend(self) -> None:
        while True:
            await asyncio.sleep(_TEND_SECONDS)
            try:
                await self._store.tend()
                await self.worker.tend()
                self._arrivals.sweep()
            except Exception:  # the candles' keeper must not end while the gateway lives
                logger.exception("candles: tending failed")

    async def _receive(self) -> None:
        while True:
            await asyncio.sleep(_ARRIVALS_SECONDS)
            try:
                await self._arrivals.take(self._store)
            except Exception:  # as above
                logger.exception("candles: what arrived could not be taken")
                await asyncio.sleep(_TEND_SECONDS)


def reached(host: str, port: int) -> str:
    """Where a process beside the gateway finds it: networks that it is in may go, loopback stays. Pure."""
    near = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{near}:{port}"


def bounds(wanted: Wanted, now_ms: int) -> tuple[int, int, int | None]:
    """Which stretch of time a page is, and where the next one begins. Pure. Raises Refused."""
    step = wanted.series.step
    until = min(now_ms + 1 if wanted.until is None else wanted.until, now_ms + 1)
    if not 1 <= wanted.limit <= MOST:
        raise Refused("limit", f"The limit is 1 to {MOST}.")
    if wanted.since is None:
        current = opening(step // 1000, until - 1)
        first = ((until - 1) // step * step if current is None else current) - (wanted.limit - 1) * step
        return max(0, first), max(0, until), None
    if wanted.since < 0:
        raise Refused("since", "since is a moment after 1970.")
    begin = -(-wanted.since // step) * step if wanted.series.on_grid else wanted.since
    end = begin + wanted.limit * step
    return begin, min(end, max(begin, until)), end if end < until else None
