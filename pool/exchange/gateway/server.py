"""HTTP around the gateway. No router and no middleware: five hundred bots ask within seconds of a candle's close."""

import json
import math
import time
from collections.abc import Awaitable, Callable

from aiohttp import web
from loguru import logger
from multidict import CIMultiDict

from pool.contract import mapped, market
from pool.contract.freshness import Moment
from pool.exchange.gateway.asking import Target, kind_of, priority_of, shared_key, target
from pool.exchange.gateway.flights import Asker
from pool.exchange.gateway.gateway import Gateway, Served
from pool.exchange.gateway.seams import Refused, Unready
from pool.exchange.gateway.tally import Histogram, How
from pool.exchange.gateway.urgency import Urgency

_MOST_TEXT = 100
_MOST_LINE = 65_536
"""Of a request: exchanges are asked for hundreds of symbols in one URL, and what aiohttp refuses by itself is not known
for ours."""
_SENTENCES: dict[market.Refusal, str] = {
    "budget": "More is asked of this exchange than it allows.",
    "banned": "The exchange refuses this address for now.",
    "open": "The exchange failed too often; it is left in peace for a moment.",
    "unreachable": "The exchange did not answer.",
    "host": "This is not an address of that exchange.",
}
_PASSED_DOWN = ("retry-after", "date")
_RATE_WORDS = ("ratelimit", "rate-limit", "x-mbx-", "x-bapi-limit", "weight", "limit-", "-limit", "order-count")
Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

Noted = Callable[[str, str, Moment, str, str, str], None]
"""Exchange, series (`contract.mapped`), when the exchange was asked, bot, tenant and address."""


class Front:
    """`answer` is the handler for `aiohttp.web.Server`; `routes` are by method and path, but for exchanges."""

    def __init__(self, gateway: Gateway, routes: dict[tuple[str, str], Handler]) -> None:
        self._gateway = gateway
        self._routes = routes
        self._incarnation = (market.INCARNATION_HEADER, gateway.incarnation)
        self._urgency = Urgency()
        self.noted: Noted | None = None
        """Told of answers to bots that name what of ccxt they asked for."""
        self.served: dict[How, Histogram] = {how: Histogram() for how in ("hit", "joined", "miss", "pass")}

    def add(self, route: tuple[str, str], handler: Handler) -> None:
        self._routes[route] = handler

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        raw_path = request.raw_path
        try:
            if raw_path.startswith(market.FORWARD_PREFIX):
                return await self._forward(request, raw_path)
            handler = self._routes.get((request.method, raw_path.partition("?")[0]))
            if handler is None:
                return self._problem(404, "There is nothing here.")
            reply = await handler(request)
            reply.headers.extend([self._incarnation])
            return reply
        except web.HTTPRequestEntityTooLarge:
            return self._unsent(413, "The request is too large.")
        except Refused as refused:
            return self.refusal(refused)
        except Unready:
            return self._unsent(503, "The gateway cannot ask this exchange for now.")
        except Exception as error:  # the boundary of a request: the gateway goes on, its log tells
            logger.opt(exception=True).error("{} failed: {}", request.method, type(error).__name__)
            return self._problem(500, "The gateway failed.")

    async def _forward(self, request: web.BaseRequest, raw_path: str) -> web.Response:
        started = time.perf_counter()
        gateway, headers = self._gateway, request.headers
        asked = target(raw_path)
        if asked is None:
            return self._unsent(404, "This is not a URL of an exchange.")
        new = asked.exchange not in gateway.tallies or not gateway.allows(asked)
        if new and not await gateway.learn(asked):
            raise Refused("host", None, 403)
        key = shared_key(asked, request.raw_headers) if request.method == "GET" and not request.body_exists else None
        if mapped.KEPT_HEADER in headers:
            return self._kept(asked, key, kind_of(headers.get(market.KIND_HEADER)))
        tally = gateway.tally(asked.exchange)
        tally.requests += 1
        try:
            served = None
            if key is not None:
                kind = kind_of(headers.get(market.KIND_HEADER))
                served = gateway.kept(asked, key, kind)
                if served is None:
                    served = await gateway.shared(asked, key, kind, self._asker(request, True), request.raw_headers)
            else:
                body = await request.read() if request.body_exists else None
                asker = self._asker(request, False)
                served = await gateway.alone(request.method, asked, asker, request.raw_headers, body)
        except Refused as refused:
            tally.refused[refused.refusal] += 1
            raise
        tally.served[served.how] += 1
        reply = self._reply(served)
        if key is not None and kind.name == "candles" and kind.since is None:
            self._note(request, asked.exchange, served)
        bot = headers.get(market.BOT_HEADER)
        if bot:
            self._tell_share(reply, asked.exchange, request.remote or "", bot[:_MOST_TEXT])
        self.served[served.how].add(time.perf_counter() - started)
        return reply

    def _reply(self, served: Served) -> web.Response:
        age_ms = max(0, round((self._gateway.clock.now().steady - served.asked.steady) * 1000))
        headers: CIMultiDict[str] = CIMultiDict(
            (
                ("Content-Type", served.content_type),
                self._incarnation,
                (market.CACHE_HEADER, served.how),
                (market.AGE_HEADER, str(age_ms)),
                ("Age", str(age_ms // 1000)),
            )
        )
        if served.headers is not None:
            headers.extend((name, value) for name, value in served.headers.items() if _passed_down(name.lower()))
        return web.Response(body=served.body, status=served.status, headers=headers)

    def _kept(self, asked: Target, key: str | None, kind: market.Kind) -> web.Response:
        """What memory has; no exchange is asked, and nothing is counted."""
        served = None if key is None else self._gateway.kept(asked, key, kind)
        if served is None:
            return self._problem(404, "This is not kept.")
        reply = self._reply(served)
        skew_ms = self._gateway.tally(asked.exchange).skew.applied(self._gateway.clock.now())
        reply.headers[mapped.ASKED_HEADER] = f"{served.asked.steady!r} {served.asked.wall_ms} {skew_ms}"
        return reply

    def _note(self, request: web.BaseRequest, exchange: str, served: Served) -> None:
        """What has to do with mapped candles."""
        headers = request.headers
        series = headers.get(mapped.SERIES_HEADER)
        if series is None or self.noted is None:
            return
        if served.status == 200:
            bot, tenant = headers.get(market.BOT_HEADER, ""), headers.get(market.TENANT_HEADER, "")
            self.noted(exchange, series, served.asked, bot, tenant, request.remote or "")

    def _tell_share(self, reply: web.Response, exchange: str, peer: str, bot: str) -> None:
        pace = self._gateway.budgets.pace(exchange)
        if pace is not None:
            ways = self._gateway.tally(exchange).crowd.ways(peer, bot, self._gateway.clock.now().steady)
            reply.headers[market.SHARE_HEADER] = f"{pace / ways:.6g}"

    def refusal(self, refused: Refused) -> web.Response:
        """What is answered instead of the exchange."""
        reply = self._problem(refused.status, _SENTENCES[refused.refusal])
        reply.headers[market.REFUSED_HEADER] = refused.refusal
        if refused.retry_after_seconds is not None:
            reply.headers["Retry-After"] = str(max(1, math.ceil(refused.retry_after_seconds)))
        return reply

    def _asker(self, request: web.BaseRequest, public: bool) -> Asker:
        tenant, bot, peer = (
            request.headers.get(market.TENANT_HEADER),
            request.headers.get(market.BOT_HEADER),
            request.remote or "",
        )
        priority = priority_of(request.headers.get(market.PRIORITY_HEADER), public)
        if priority == "urgent" and not self._urgency.take(peer, self._gateway.clock.now().steady):
            priority = "price"
        return Asker(tenant and tenant[:_MOST_TEXT], peer, priority, bot and bot[:_MOST_TEXT])

    def _unsent(self, status: int, detail: str) -> web.Response:
        """Who asked may ask the exchange himself, even for an order."""
        reply = self._problem(status, detail)
        reply.headers[market.UNSENT_HEADER] = "1"
        return reply

    def _problem(self, status: int, detail: str) -> web.Response:
        body = json.dumps({"detail": detail}).encode()
        reply = web.Response(body=body, status=status, content_type="application/json")
        reply.headers.extend([self._incarnation])
        return reply


def _passed_down(name: str) -> bool:
    """Of an exchange's headers those that tell of its limits and its time."""
    return name in _PASSED_DOWN or any(word in name for word in _RATE_WORDS)


async def serve(answer: Handler, host: str, port: int) -> tuple[web.ServerRunner, int]:
    """Listen; the port that was bound. Raises OSError where the address cannot be had."""
    server = web.Server(answer, access_log=None, max_line_size=_MOST_LINE)
    runner = web.ServerRunner(server, shutdown_timeout=2.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port, backlog=1024).start()
    except OSError:
        await runner.cleanup()
        raise
    return runner, int(runner.addresses[0][1])
