"""What is not there is asked for, page by page, one fetch a series at a time.

Who wants a series that is being fetched waits, and looks then what is still missing. A fetch ends with whoever wanted
it; the pages that came are kept, so the next one goes on from there. A gap that the exchange has, too, is asked for
again only after a while; nothing is filled.
"""

import asyncio
import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from pool.exchange.gateway.candles import rollup
from pool.exchange.gateway.candles.answers import CERTAIN_MS, Malformed, Page, page_of
from pool.exchange.gateway.candles.frames import Frame
from pool.exchange.gateway.candles.places import Places
from pool.exchange.gateway.candles.ranges import Ranges, bridged, union, without
from pool.exchange.gateway.candles.series import FUNDING_RATE, Series
from pool.exchange.gateway.candles.store import Store
from pool.exchange.gateway.candles.times import Asked, Now, by_our_clock
from pool.exchange.gateway.candles.workers import Unavailable

PAGE = 1000
"""Candles that are asked for at once, where the exchange gives so many."""
_TAIL_SECONDS = 2.0
_HOLE_SECONDS = 3600.0
_EMPTY_SECONDS = 300.0
_VERDICT_SECONDS = 300.0
_MOST_SERIES = 2000
_MOST_ASKED = 500
_LEAST = 50
"""Some exchanges count a page by what is asked for; fewer than this cost the same."""


class Asking(Protocol):
    """`workers.Worker`."""

    async def page(self, series: Series, since: int, limit: int) -> tuple[list[list[float]], int]: ...


@dataclass(frozen=True, slots=True)
class _Asked:
    """A stretch that need not be asked for again before `until`, a moment of the monotonic clock, nor before the
    exchange's clock shows `closes`, where that is told: the candle that was current then is closed."""

    begin: int
    end: int
    until: float
    closes: int | None

    def holds(self, now: float, there: int) -> bool:
        return now < self.until and (self.closes is None or there < self.closes)


@dataclass(slots=True)
class _Known:
    """Of a series, beside its closed candles."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    asked: list[_Asked] = field(default_factory=list)
    partial: list[float] | None = None
    verdict: bool | None = None
    """Whether its candles are what minutes add up to, as it was found; None where too little could be compared."""
    verdict_until: float = 0.0
    losses: int = 0
    """The store's, when `asked` was true: what was asked for and lost since must be asked for again."""


class Fetching:
    """`now` tells the time at an exchange, `clock` is monotonic."""

    def __init__(
        self,
        store: Store,
        worker: Asking,
        now: Callable[[str], Now] = by_our_clock,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._worker = worker
        self._now = now
        self._clock = clock
        self._known: OrderedDict[Series, _Known] = OrderedDict()
        self._places = Places()
        self.counters: Counter[str] = Counter()
        """`pages`, `candles`, `rolled`, `joined`."""

    async def have(self, series: Series, begin: int, end: int) -> tuple[Frame, list[float] | None]:
        """The closed candles of that stretch, and the current one where it reaches that far. Raises Refused,
        Unavailable, OSError."""
        known, losses = self._of(series), self._store.losses
        if known.lock.locked():
            self.counters["joined"] += 1
        if await self._missing(series, known, begin, end):
            async with known.lock:
                if await self._missing(series, known, begin, end):
                    await self._roll(series, known, begin, end)
                for low, high in await self._missing(series, known, begin, end):
                    await self._fetch(series, known, low, high)
        frame = await self._store.frame(series)
        if losses != self._store.losses and await self._missing(series, known, begin, end):
            raise Unavailable("Candles were lost before they were told; try again in a moment.", 1.0)
        partial = known.partial
        if partial is not None and (not begin <= partial[0] < end or (len(frame) and partial[0] <= frame.dates[-1])):
            partial = None
        return frame.between(begin, end), partial

    def _of(self, series: Series) -> _Known:
        known = self._known.setdefault(series, _Known())
        self._known.move_to_end(series)
        while len(self._known) > _MOST_SERIES and not next(iter(self._known.values())).lock.locked():
            self._known.popitem(last=False)
        return known

    async def _missing(self, series: Series, known: _Known, begin: int, end: int) -> Ranges:
        frame = await self._store.frame(series)
        now, there, step = self._clock(), self._now(series.exchange).there, series.step
        if known.losses != self._store.losses:
            known.asked, known.losses = [], self._store.losses
        known.asked = [one for one in known.asked[-_MOST_ASKED:] if one.holds(now, there)]
        # when funding was paid does not tell when it was not
        kept = [] if series.type == FUNDING_RATE else frame.between(begin - step + 1, end).runs(step)
        left = without(begin, min(end, there), union(kept, [(one.begin, one.end) for one in known.asked]))
        return bridged(left, PAGE * step)

    async def _fetch(self, series: Series, known: _Known, begin: int, end: int) -> None:
        since = begin
        while since < end:
            before = self._now(series.exchange)
            async with self._places.one():
                rows, limit = await self._worker.page(series, since, _limit(end - since, series.step))
            asked = Asked.between(before, self._now(series.exchange))
            try:
                page = page_of(series, rows, since, asked)
            except Malformed as problem:
                raise Unavailable(str(problem)) from problem
            self.counters["pages"] += 1
            self.counters["candles"] += len(page.closed)
            await self._store.add(series, page.closed)
            if page.end == since:
                upto = min(since + max(limit, 1) * series.step, max(end, since + series.step))
                since = self._nothing(series, known, since, upto, asked)
            else:
                since = self._something(series, known, since, end, page, asked)

    def _nothing(self, series: Series, known: _Known, since: int, upto: int, asked: Asked) -> int:
        """There is nothing from `since` on, or nothing in what the exchange looked through. Where to ask on."""
        step = series.step
        certain = asked.ms - step - CERTAIN_MS if asked.certain else since  # a candle of before would have been told
        self._remember(known, since, min(upto, certain), _EMPTY_SECONDS)
        self._remember(known, max(since, certain), upto, _TAIL_SECONDS, asked.ms // step * step + step)
        return upto

    def _something(self, series: Series, known: _Known, since: int, end: int, page: Page, asked: Asked) -> int:
        """Where to ask on."""
        if page.partial is None:
            self._remember(known, since, page.end, _HOLE_SECONDS)
            return page.end
        opens, closes = int(page.partial[0]), page.end
        self._remember(known, since, opens, _HOLE_SECONDS)
        known.partial = page.partial
        if closes < min(end, asked.ms):  # what follows it tells whether it is closed
            if opens > since:
                return opens
            if not asked.certain:
                self._remember(known, opens, closes, _TAIL_SECONDS)
                return closes
        self._remember(known, opens, max(closes, end), _TAIL_SECONDS, closes if asked.ms < closes else None)
        return end

    def _remember(self, known: _Known, begin: int, end: int, seconds: float, closes: int | None = None) -> None:
        if begin < end:
            known.asked.append(_Asked(begin, end, self._clock() + seconds, closes))

    async def _roll(self, series: Series, known: _Known, begin: int, end: int) -> None:
        """What one-minute candles tell already, where those are known to add up to the exchange's own."""
        base = rollup.base_of(series)
        if base is None:
            return
        minutes = await self._store.frame(base)
        if not len(minutes) or not await self._agree(series, known, minutes):
            return
        for low, high in await self._missing(series, known, begin, end):
            made = await asyncio.to_thread(rollup.rolled, minutes, series.step, low, high)
            self.counters["rolled"] += len(made)
            await self._store.add(series, made)

    async def _agree(self, series: Series, known: _Known, minutes: Frame) -> bool:
        if known.verdict is None or self._clock() >= known.verdict_until:
            longer = await self._store.frame(series)
            known.verdict = await asyncio.to_thread(rollup.agree, minutes, longer, series.step)
            known.verdict_until = self._clock() + _VERDICT_SECONDS
        return known.verdict is True


def _limit(span: int, step: int) -> int:
    return min(PAGE, max(_LEAST, -(-span // step) + 1))
