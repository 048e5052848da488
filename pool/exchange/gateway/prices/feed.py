"""Prices of one exchange and kind of market, for as long as somebody waits for them.

One task looks, for all who wait; the answers are made of what it saw last, and wait a little for something newer. What
is seen is told with its age, counted from before the exchange was asked, so nobody takes old prices for new ones.
Where a websocket tells prices (`stream`) and is borne out, looks only prove it, and are rare. Of more prices than it
can tell the others are looked at as if there were none.
"""

import asyncio
import contextlib
import math
from collections.abc import Callable, Collection, Mapping
from typing import Any, Protocol

from loguru import logger

from pool.contract.market import FeedState, Price, Prices, PricesRequest
from pool.exchange.gateway.candles.series import Refused
from pool.exchange.gateway.candles.workers import Unavailable
from pool.exchange.gateway.prices.places import Asker, Wanted
from pool.exchange.gateway.prices.stream import Streamed

WANTED_SECONDS = 10.0
"""So long after somebody asked for a price last it is looked at."""
MOST_STREAMED = 300
"""Of more of them websockets tell more than one process can read; the others are polled."""
_NOBODY: Asker = ("", "")
LEAST_SECONDS, MOST_SECONDS = 0.5, 1.5
"""Between two looks. What looks cost decides: half of what an exchange allows, a fifth of a core."""
_SHARES = 2.0
_LOOK_SECONDS = 60.0
"""The worker gives a look up sooner. One that hangs itself is ended by who tends it: other exchanges' prices, and their
websockets, are of the same worker."""
_REFUSED_SECONDS = 60.0
_STEP_SECONDS = 0.5
"""Between two thoughts whether a websocket still does."""


class Looking(Protocol):
    """`candles.workers.Worker`."""

    async def best(self, exchange: str, market: str, symbols: list[str]) -> dict[str, Any]: ...
    async def follow(self, exchange: str, market: str, symbols: list[str]) -> None: ...


class Feed:
    """`clock` is CLOCK_BOOTTIME's, which the worker tells moments by. `wait` is asyncio.sleep. `streams`: the exchange
    has a websocket for them."""

    def __init__(
        self,
        exchange: str,
        market: Any,
        worker: Looking,
        clock: Callable[[], float],
        wait: Callable[[float], Any],
        *,
        streams: bool = False,
    ) -> None:
        self.exchange = exchange
        self.market = market
        self._worker = worker
        self._clock = clock
        self._wait = wait
        self._wanted = Wanted()
        self._prices: dict[str, Price] = {}
        self._stream = Streamed() if streams else None
        self._followed: frozenset[str] = frozenset()
        """By the websocket, as of the last look."""
        self._asked_at = 0.0
        self._followed_at = 0.0
        """Of those that are followed: when the exchange was asked, or pinged by the websocket."""
        self._full = False
        self._number = 0
        self._problem: str | None = None
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def running(self) -> bool:
        return self._task is not None and not self._task.done()

    async def answer(self, request: PricesRequest, asker: Asker = _NOBODY) -> Prices:
        """What is newer than the asker knows, or in the end what there is; nothing of what has no place."""
        began = self._clock()
        self._wanted.want(asker, request.symbols, began + WANTED_SECONDS)
        if not self.running:
            self._task = asyncio.create_task(self._look_on())
        if request.wait_ms and request.after == self._number:
            try:
                async with asyncio.timeout(request.wait_ms / 1000):
                    await self._news.wait()
            except TimeoutError:
                pass
        now = self._clock()
        waited_ms = max(0, int((now - began) * 1000))
        if not self._number:
            return Prices(number=0, waited_ms=waited_ms, problem=self._problem)
        prices = {one: self._prices[one] for one in request.symbols if one in self._prices}
        return Prices(
            number=self._number,
            age_ms=self._age_ms(now, prices),
            waited_ms=waited_ms,
            prices=prices,
            problem=self._told_problem(now, prices),
        )

    def state(self) -> FeedState:
        """For people."""
        now = self._clock()
        wanted = self._wanted.placed(now)
        told = [one for one in wanted if one in self._prices]
        return FeedState(
            exchange=self.exchange,
            market=self.market,
            way="websocket" if self._streams(now) else "polling",
            symbols=len(wanted),
            told=len(told),
            age_ms=self._age_ms(now, told) if self._number else None,
            problem=self._told_problem(now, told),
        )

    def pushed(self, told: Mapping[str, Any]) -> None:
        """By the worker: what the websocket told."""
        if self._stream is None or not self.running:
            return
        if "broken" in told:
            logger.info("{} ({}) tells no prices by websocket: {}", self.exchange, self.market, told["broken"])
            self._stream = Streamed()
            return
        now = self._clock()
        counted = self._streams(now)
        changed = self._stream.told(told, now) or not counted
        if not self._streams(now):
            return
        self._followed_at = max(self._followed_at, self._stream.as_of)
        if changed:
            self._prices = self._stream.over(self._prices)
            self._tell()

    async def aclose(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _age_ms(self, now: float, symbols: Collection[str]) -> int:
        asked_at = self._followed_at if self._followed.issuperset(symbols) else self._asked_at
        return max(0, math.ceil((now - asked_at) * 1000))

    async def _look_on(self) -> None:
        """Until nobody waits for any. What was seen is forgotten then: it gets old."""
        try:
            while symbols := self._wanted.placed(now := self._clock()):
                self._note_full(len(symbols))
                followed = self._wanted.placed(now, MOST_STREAMED)
                told = len(followed) == len(symbols) and self._streams(now)
                if self._stream is not None and told and not self._stream.due(now, symbols):
                    await self._wait(_STEP_SECONDS)
                else:
                    await self._wait(await self._look(symbols, followed))
            if self._stream is not None:
                with contextlib.suppress(Refused, Unavailable):
                    await self._worker.follow(self.exchange, self.market, [])
        finally:
            self._wanted, self._prices = Wanted(), {}
            self._stream = None if self._stream is None else Streamed()

    def _note_full(self, placed: int) -> None:
        total = self._wanted.total()
        if total > placed and not self._full:
            logger.warning(
                "{} ({}): of {} prices asked for {} are looked at", self.exchange, self.market, total, placed
            )
        self._full = total > placed

    async def _look(self, symbols: list[str], followed: list[str]) -> float:
        """Answers how long to wait for the next one."""
        began = self._clock()
        try:
            async with asyncio.timeout(_LOOK_SECONDS):
                if self._stream is not None:
                    await self._worker.follow(self.exchange, self.market, followed)
                answer = await self._worker.best(self.exchange, self.market, symbols)
            self._seen(answer, followed)
        except Refused as refused:
            return self._told(refused.message, _REFUSED_SECONDS)
        except Unavailable as problem:
            return self._told(problem.message, problem.retry_after_seconds)
        except TimeoutError:
            return self._told("The exchange does not answer in time.", MOST_SECONDS)
        except Exception:  # the boundary of a look: whatever the worker says, prices are to be looked at on
            logger.exception("prices of {} cannot be looked at", self.exchange)
            return self._told("What the exchange says of its prices is not understood.", _REFUSED_SECONDS)
        pace = min(max(LEAST_SECONDS, _SHARES * float(answer["cost_seconds"])), MOST_SECONDS)
        return max(pace - (self._clock() - began), 0.05)

    def _told_problem(self, now: float, symbols: Collection[str]) -> str | None:
        """That a look failed is none to whom a websocket tells all."""
        return None if self._streams(now) and self._followed.issuperset(symbols) else self._problem

    def _streams(self, now: float) -> bool:
        return self._stream is not None and self._stream.counts(now)

    def _seen(self, answer: Mapping[str, Any], followed: list[str]) -> None:
        prices = {symbol: Price.model_validate(told) for symbol, told in answer["prices"].items()}
        if self._problem is not None:
            logger.info("prices of {} ({}) are seen again", self.exchange, self.market)
        self._prices, self._asked_at, self._problem = prices, float(answer["asked_at"]), None
        self._followed, self._followed_at = frozenset(followed), self._asked_at
        if self._stream is not None:
            self._stream.looked(answer, followed, self._clock())
            if self._streams(self._clock()):
                self._prices = self._stream.over(prices)
                self._followed_at = max(self._asked_at, self._stream.as_of)
        self._tell()

    def _tell(self) -> None:
        self._number += 1
        self._news.set()
        self._news = asyncio.Event()

    def _told(self, problem: str, pause: float) -> float:
        if problem != self._problem:
            logger.warning("prices of {} ({}) are not seen: {}", self.exchange, self.market, problem)
        self._problem = problem
        return pause
