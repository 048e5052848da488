"""`GET /v1/candles` and `GET /v1/tickers` of the gateway.

Whoever reaches the gateway may ask, tenants' bots too: a page is bounded, and so is what is worked on for one address,
of candles and of prices apart.
"""

import json
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

from pool.exchange.gateway.candles.places import asker
from pool.exchange.gateway.candles.series import FUTURES, SPOT, Refused, Series
from pool.exchange.gateway.candles.service import USUAL, CandleService, Wanted
from pool.exchange.gateway.candles.workers import Unavailable

CANDLES = "/v1/candles"
TICKERS = "/v1/tickers"
ARROW = "application/vnd.apache.arrow.file"
MOST_PAIRS = 100
Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class CandleEndpoint:
    """Handlers for aiohttp."""

    def __init__(self, service: CandleService) -> None:
        self._service = service
        self._busy: Counter[tuple[str, str]] = Counter()
        """By what is asked for and address."""

    def routes(self) -> dict[tuple[str, str], Handler]:
        """By method and path."""
        return {("GET", CANDLES): self.candles, ("GET", TICKERS): self.tickers}

    async def candles(self, request: web.BaseRequest) -> web.StreamResponse:
        """A page: JSON, or a feather file of its closed candles."""
        return await self._bounded(CANDLES, request, self._page)

    async def tickers(self, request: web.BaseRequest) -> web.StreamResponse:
        """Last prices of up to `MOST_PAIRS` pairs: `?exchange&type&pair&pair…`."""
        return await self._bounded(TICKERS, request, self._prices)

    async def _bounded(self, what: str, request: web.BaseRequest, answer: Handler) -> web.StreamResponse:
        peer = request.remote or ""
        place = (what, peer)
        if self._busy[place] >= self._service.settings.per_peer:
            return _problem(429, "Too many requests at a time from one address; try again in a moment.", after=1.0)
        self._busy[place] += 1
        asker.set(peer)
        self._service.port = request.get_extra_info("sockname")[1]
        try:
            return await answer(request)
        except Refused as refused:
            return _problem(422, refused.message, field=refused.field)
        except Unavailable as problem:
            return _problem(503, problem.message, after=problem.retry_after_seconds)
        finally:
            self._busy[place] -= 1
            if not self._busy[place]:
                del self._busy[place]

    async def _page(self, request: web.BaseRequest) -> web.StreamResponse:
        page = await self._service.page(_wanted(request.query))
        if ARROW in request.headers.get("Accept", ""):
            following = {} if page.next is None else {"X-Flotilla-Next": str(page.next)}
            return web.Response(body=page.feather(), content_type=ARROW, headers=following)
        return web.json_response(page.body(), dumps=_dumps)

    async def _prices(self, request: web.BaseRequest) -> web.StreamResponse:
        exchange, kind = request.query.get("exchange", ""), request.query.get("type", SPOT)
        pairs = list(dict.fromkeys(request.query.getall("pair", [])))
        if kind not in (SPOT, FUTURES):
            raise Refused("type", f"The type is {SPOT} or {FUTURES}.")
        if not 1 <= len(pairs) <= MOST_PAIRS:
            raise Refused("pair", f"Name 1 to {MOST_PAIRS} pairs.")
        for pair in pairs:
            Series.of(exchange, pair, "1m", kind)
        return web.json_response({"tickers": await self._service.tickers(exchange, kind, pairs)}, dumps=_dumps)


def _wanted(query: Mapping[str, str]) -> Wanted:
    series = Series.of(
        query.get("exchange", ""), query.get("pair", ""), query.get("timeframe", ""), query.get("type", SPOT)
    )
    limit = _number(query, "limit")
    return Wanted(series, _number(query, "since"), _number(query, "until"), USUAL if limit is None else limit)


def _number(query: Mapping[str, str], name: str) -> int | None:
    text = query.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise Refused(name, f"{name} is a whole number; moments are in milliseconds since 1970.")
    return int(text)


def _problem(status: int, message: str, *, field: str | None = None, after: float | None = None) -> web.Response:
    headers = {} if after is None else {"Retry-After": str(max(1, round(after)))}
    return web.json_response({"message": message, "field": field}, status=status, headers=headers)


def _dumps(body: Any) -> str:
    return json.dumps(body, separators=(",", ":"), allow_nan=False)
