"""`POST /v1/prices` of the gateway: the best bids and asks that exits wait for.

Whoever reaches the gateway may ask, tenants' bots too: so many feeds, symbols and requests at a time, and no more.
Symbols of a feed are shared out between those who ask (`places`).
"""

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any

from aiohttp import web
from loguru import logger
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from pydantic import ValidationError

from pool.contract.market import TENANT_HEADER, FeedState, Prices, PricesRequest
from pool.exchange.gateway.candles.service import reached
from pool.exchange.gateway.candles.workers import Unavailable, Worker, command
from pool.exchange.gateway.clocks import steady_clock
from pool.exchange.gateway.prices import sources
from pool.exchange.gateway.prices.feed import Feed, Looking
from pool.exchange.gateway.prices.places import Asker

PRICES = "/v1/prices"
MOST_FEEDS = 6
"""At a time: as many as a worker keeps markets of."""
PER_PEER = 64
_MOST_TEXT = 100
_IDLE_SECONDS = 60.0
_TEND_SECONDS = 5.0


class PriceService(Collector):
    """Start it, and close it with `aclose`. `host` is what the gateway listens on; `worker` is for tests. `streams`:
    prices come by websocket where the exchange has one."""

    def __init__(
        self,
        paper_url: str | None,
        host: str = "127.0.0.1",
        worker: Looking | None = None,
        clock: Callable[[], float] = steady_clock,
        wait: Callable[[float], Awaitable[None]] = asyncio.sleep,
        streams: bool = True,
    ) -> None:
        self._port = 0
        self._streams = streams
        self._own = Worker(lambda: command(reached(host, self._port), paper_url), _IDLE_SECONDS, pushed=self._pushed)
        self._worker = worker if worker is not None else self._own
        self._clock = clock
        self._wait = wait
        self._feeds: dict[tuple[str, str], Feed] = {}
        self._busy: Counter[str] = Counter()
        self._tending: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._tending = asyncio.create_task(self._tend())

    async def aclose(self) -> None:
        if self._tending is not None:
            self._tending.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._tending
        for feed in self._feeds.values():
            await feed.aclose()
        await self._own.aclose()

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """The handler."""
        peer = request.remote or ""
        if self._busy[peer] >= PER_PEER:
            return _problem(429, "Too many requests at a time from one address; try again in a moment.", 1.0)
        self._busy[peer] += 1
        self._port = request.get_extra_info("sockname")[1]
        try:
            wanted = PricesRequest.model_validate_json(await request.read())
            told = await self.prices(wanted, (peer, request.headers.get(TENANT_HEADER, "")[:_MOST_TEXT]))
        except ValidationError as error:
            return _problem(422, str(error.errors(include_url=False, include_input=False)[0]["msg"]))
        except Unavailable as problem:
            return _problem(503, problem.message, problem.retry_after_seconds)
        finally:
            self._busy[peer] -= 1
            if not self._busy[peer]:
                del self._busy[peer]
        return web.Response(body=told.model_dump_json().encode(), content_type="application/json")

    async def prices(self, wanted: PricesRequest, asker: Asker) -> Prices:
        """Raises Unavailable."""
        reason = sources.unusable(wanted.exchange)
        if reason is not None:
            return Prices(number=0, problem=reason, usable=False)
        return await self._feed(wanted).answer(wanted, asker)

    def states(self) -> list[FeedState]:
        """Of the feeds that somebody waits for."""
        return [feed.state() for _, feed in sorted(self._feeds.items()) if feed.running]

    def collect(self) -> Iterator[Metric]:
        """See prometheus_client."""
        labels = ["exchange", "market", "way"]
        age = GaugeMetricFamily("gateway_price_age_seconds", "Of the prices that were seen last.", labels=labels)
        told = GaugeMetricFamily("gateway_price_symbols", "With a price, of those waited for.", labels=labels)
        for state in self.states():
            of = [state.exchange, state.market, state.way]
            told.add_metric(of, state.told)
            if state.age_ms is not None:
                age.add_metric(of, state.age_ms / 1000)
        yield from (age, told)

    def _feed(self, wanted: PricesRequest) -> Feed:
        key = (wanted.exchange, wanted.market)
        if key not in self._feeds:
            self._feeds = {one: feed for one, feed in self._feeds.items() if feed.running}
            if len(self._feeds) >= MOST_FEEDS:
                raise Unavailable("Prices of more exchanges are waited for than are looked at.", 10.0)
            streams = self._streams and wanted.exchange in sources.STREAMED
            self._feeds[key] = Feed(*key, self._worker, self._clock, self._wait, streams=streams)
        return self._feeds[key]

    def _pushed(self, told: Mapping[str, Any]) -> None:
        feed = self._feeds.get((told["exchange"], told["market"]))
        if feed is not None:
            feed.pushed(told)

    async def _tend(self) -> None:
        while True:
            await asyncio.sleep(_TEND_SECONDS)
            try:
                await self._own.tend()
            except Exception:  # what ends an idle worker must not end while the gateway lives
                logger.exception("prices: tending failed")


def _problem(status: int, detail: str, after: float | None = None) -> web.Response:
    headers = {} if after is None else {"Retry-After": str(max(1, round(after)))}
    return web.json_response({"detail": detail}, status=status, headers=headers, dumps=json.dumps)
