"""`GET /v1/mapped` of the gateway: candles as bots map them, made once of each answer that came.

Bots say in their own request what of ccxt they asked for; of the answer, which memory has then, the worker makes rows,
by asking for the same with leave to have what is kept and nothing else. So nothing is asked of an exchange for this,
and no bot says what another one gets. Agents wait for what is new of that which their pool's bots asked for. Whoever
reaches the gateway may ask: series, bytes, what is being made and who waits are bounded.

Nothing is made where no agent asks, or for fewer bots than it pays for.
"""

import asyncio
import base64
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol

from aiohttp import web
from loguru import logger

from pool.contract.freshness import Moment
from pool.contract.mapped import NUMBER_HEADER, TAKEN_HEADER, Head, LatestCandles, digest, joined, taken_of
from pool.contract.market import TENANT_HEADER
from pool.exchange.gateway.candles.series import Refused
from pool.exchange.gateway.candles.workers import Unavailable

LEAST_BOTS = 4
"""That asked for the same: reading it for fewer costs more than it saves."""
MOST_SERIES = 2_000
MOST_SERIES_EACH = 1_000
"""Of one asker."""
MOST_BYTES = 64 * 2**20
MOST_AT_ONCE = 2
"""Are made; a worker has one core at most."""
MOST_WAITING = 200
MOST_ASKERS = 500
PER_PEER = 64
PER_ASKER = 4
LONGEST_WAIT_MS = 2_000
"""Who waits delays the gateway's end."""
MAKE_SECONDS = 20.0
_MOST_ANSWER_BYTES = 2**19
_ASKER_SECONDS = 90.0
"""Nothing is made for a pool whose agent has not asked for so long."""
_WANTED_SECONDS = 7_200.0
_AGAIN_SECONDS = 60.0
"""What could not be made is not tried again for so long."""
_MOST_VAIN = 10
"""Some clients ask for each moment anew, by another URL: what one is answered memory never has for another."""
_TOGETHER_SECONDS = 0.05
"""What comes so soon after the first goes with it."""
_MOST_TEXT = 100
Key = tuple[str, str]
"""Of who asks: address and tenant."""


class Making(Protocol):
    """The part of `Worker` that is needed here."""

    async def mapped(self, exchange: str, series: LatestCandles) -> dict[str, Any] | None:
        """See `candles.worker`. Raises Refused, Unavailable."""
        ...


@dataclass(slots=True)
class _Wanted:
    name: str
    exchange: str
    series: LatestCandles
    noted_at: float = 0.0
    bots: set[str] = field(default_factory=set)
    """That asked for it; no more of them than are needed."""
    noted_boot: float = 0.0
    """When the exchange was asked for the newest answer that a bot had."""
    asked_boot: float = 0.0
    """And for the one that was made last, or was not to be had."""
    making: bool = False
    vain: int = 0
    """So many tries in a row found nothing kept."""
    not_before: float = 0.0
    number: int = 0
    content: bytes = b""


@dataclass(slots=True)
class _Asker:
    """The agent of a pool."""

    seen: float
    waits: int = 0
    news: asyncio.Event = field(default_factory=asyncio.Event)
    series: OrderedDict[str, int] = field(default_factory=OrderedDict)
    """By name, what its bots asked for; the number from which on it is news."""


class MappedService:
    """`port` is told that the gateway listens on, `took` how many answers of an exchange bots took from what they map;
    close it with `aclose`. `clock` is monotonic."""

    def __init__(
        self,
        worker: Making,
        port: Callable[[int], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
        took: Callable[[str, int], None] = lambda _, __: None,
    ) -> None:
        self._worker = worker
        self._port = port
        self._clock = clock
        self._took = took
        self._wanted: OrderedDict[str, _Wanted] = OrderedDict()
        self._askers: OrderedDict[Key, _Asker] = OrderedDict()
        self._busy: Counter[str] = Counter()
        self._number = 0
        self._slots = asyncio.Semaphore(MOST_AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()
        self.made = 0
        self.bytes = 0

    @property
    def series(self) -> int:
        """That are wanted, made or not yet."""
        return len(self._wanted)

    @property
    def needed(self) -> bool:
        """Whether the worker will be asked again before long."""
        return self.bytes > 0 and any(self._is_recent(asker) for asker in self._askers.values())

    def noted(self, exchange: str, header: str, asked: Moment, bot: str, tenant: str, peer: str) -> None:
        """A bot was answered these candles, for which the exchange was asked then."""
        asker = self._askers.get((peer, tenant[:_MOST_TEXT]))
        told = _told(exchange, header)
        if asker is None or told is None or not self._is_recent(asker):
            return
        series, name = told
        wanted = self._wanted.get(name)
        if wanted is None:
            wanted = self._wanted[name] = _Wanted(name, exchange, series)
        self._wanted.move_to_end(name)
        wanted.noted_at = self._clock()
        wanted.noted_boot = max(wanted.noted_boot, asked.steady)
        if len(wanted.bots) < LEAST_BOTS:
            wanted.bots.add(bot[:_MOST_TEXT])
        self._count_for(asker, wanted)
        if not wanted.making and self._is_due(wanted) and len(self._tasks) < MOST_WAITING:
            wanted.making = True
            task = asyncio.create_task(self._make(wanted))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self._shrink()

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """What is new of what that pool's bots asked for, after `?after=N`, as soon as there is some within
        `wait_ms`; numbers begin anew with each incarnation."""
        peer = request.remote or ""
        after, wait_ms = (_whole(request.query.get(name)) for name in ("after", "wait_ms"))
        if after is None or wait_ms is None:
            return web.json_response({"detail": "after and wait_ms are whole numbers."}, status=422)
        asker = self._asker((peer, request.headers.get(TENANT_HEADER, "")[:_MOST_TEXT]))
        if asker is None or asker.waits >= PER_ASKER or self._busy[peer] >= PER_PEER:
            return web.json_response({"detail": "Too many at a time."}, status=429, headers={"Retry-After": "1"})
        for exchange, count in taken_of(request.headers.get(TAKEN_HEADER)).items():
            self._took(exchange, count)
        self._busy[peer] += 1
        asker.waits += 1
        self._port(request.get_extra_info("sockname")[1])
        try:
            number, body = await self._new(asker, after if after <= self._number else 0, wait_ms)
        finally:
            asker.waits -= 1
            self._busy[peer] -= 1
            if not self._busy[peer]:
                del self._busy[peer]
        return web.Response(body=body, content_type="application/octet-stream", headers={NUMBER_HEADER: str(number)})

    async def aclose(self) -> None:
        for task in list(self._tasks):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _new(self, asker: _Asker, after: int, wait_ms: int) -> tuple[int, bytes]:
        """What to ask after next, and the candles."""
        found = list(self._found(asker, after))
        if not found and wait_ms:
            asker.news.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(min(wait_ms, LONGEST_WAIT_MS) / 1000):
                    await asker.news.wait()
                    await asyncio.sleep(_TOGETHER_SECONDS)
            found = list(self._found(asker, after))
        asker.seen = self._clock()
        last = found[-1][0] if found else self._number
        return last, joined((name, content) for _, name, content in found)

    def _found(self, asker: _Asker, after: int) -> Iterator[tuple[int, str, bytes]]:
        """By number; as many as one answer takes, and one at least."""
        wanted = ((self._wanted.get(name), since) for name, since in asker.series.items())
        new = sorted(
            (max(one.number, since), one.name, one.content)
            for one, since in wanted
            if one is not None and one.content and max(one.number, since) > after
        )
        size = 0
        for one in new:
            size += len(one[2])
            if size > _MOST_ANSWER_BYTES and one is not new[0]:
                return
            yield one

    def _asker(self, key: Key) -> _Asker | None:
        """None where there are too many."""
        asker = self._askers.get(key)
        if asker is None:
            oldest = next(iter(self._askers.items()), None)
            if oldest is not None and len(self._askers) >= MOST_ASKERS:
                if oldest[1].waits or self._is_recent(oldest[1]):
                    return None
                del self._askers[oldest[0]]
            asker = self._askers[key] = _Asker(self._clock())
        self._askers.move_to_end(key)
        asker.seen = self._clock()
        return asker

    def _is_recent(self, asker: _Asker) -> bool:
        return self._clock() - asker.seen < _ASKER_SECONDS

    def _count_for(self, asker: _Asker, wanted: _Wanted) -> None:
        """Its bots asked for that."""
        if wanted.name not in asker.series:
            self._number += 1  # what there is already is news to it
            asker.series[wanted.name] = self._number
            if wanted.content:
                asker.news.set()
            if len(asker.series) > MOST_SERIES_EACH:
                asker.series.popitem(last=False)
        asker.series.move_to_end(wanted.name)

    def _is_due(self, wanted: _Wanted) -> bool:
        newer = wanted.noted_boot > wanted.asked_boot and self._clock() >= wanted.not_before
        return newer and len(wanted.bots) >= LEAST_BOTS and self._wanted.get(wanted.name) is wanted

    async def _make(self, wanted: _Wanted) -> None:
        """Of the newest answer, and of those that come meanwhile."""
        try:
            while self._is_due(wanted):
                async with self._slots:
                    await self._make_once(wanted)
                self._shrink()
        finally:
            wanted.making = False

    async def _make_once(self, wanted: _Wanted) -> None:
        boot = wanted.noted_boot
        try:
            async with asyncio.timeout(MAKE_SECONDS):
                told = await self._worker.mapped(wanted.exchange, wanted.series)
            content = b"" if told is None else content_of(told)
        except (Refused, Unavailable, TimeoutError) as problem:
            wanted.not_before = self._clock() + _AGAIN_SECONDS
            logger.debug("candles cannot be mapped: {}", problem)
            return
        except (ValueError, KeyError, TypeError) as problem:
            wanted.not_before = self._clock() + _AGAIN_SECONDS
            logger.error("mapped candles are of no use: {}", problem)
            return
        head = Head.of(content)  # none where it is not fresh any more, or these are no such candles: the next one is
        wanted.vain = wanted.vain + 1 if head is None else 0
        if wanted.vain >= _MOST_VAIN:
            wanted.vain, wanted.not_before = 0, self._clock() + _AGAIN_SECONDS
        if head is not None and head.asked_boot > wanted.asked_boot:
            boot = max(boot, head.asked_boot)
            self.made += 1
            self._publish(wanted, content)
        wanted.asked_boot = boot

    def _publish(self, wanted: _Wanted, content: bytes) -> None:
        if self._wanted.get(wanted.name) is not wanted:
            return  # forgotten meanwhile
        self._number += 1
        self.bytes += len(content) - len(wanted.content)
        wanted.number, wanted.content = self._number, content
        for asker in self._askers.values():
            if wanted.name in asker.series:
                asker.news.set()

    def _shrink(self) -> None:
        """Forgets what was asked for longest ago, where there is too much or it was long ago."""
        while self._wanted:
            name, oldest = next(iter(self._wanted.items()))
            old = self._clock() - oldest.noted_at >= _WANTED_SECONDS
            if not old and len(self._wanted) <= MOST_SERIES and self.bytes <= MOST_BYTES:
                return
            self.bytes -= len(oldest.content)
            oldest.content = b""
            del self._wanted[name]


@lru_cache(maxsize=4096)
def _told(exchange: str, header: str) -> tuple[LatestCandles, str] | None:
    """What a header says, and its name; None for what is not understood."""
    series = LatestCandles.of(header)
    return None if series is None else (series, series.name(exchange))


def content_of(told: Mapping[str, Any]) -> bytes:
    """Of what the worker says. Raises ValueError, KeyError, TypeError."""
    moment = told["asked_boot"], told["asked_ms"], told["skew_ms"]
    head = Head(told["rows"], *moment, digest(told["url"]), digest(told["maker"]))
    content = head.packed() + base64.b64decode(told["columns"])
    if Head.of(content) is None:
        raise ValueError("the worker's rows are not whole")
    return content


def _whole(text: str | None) -> int | None:
    if text is None:
        return 0
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else None
