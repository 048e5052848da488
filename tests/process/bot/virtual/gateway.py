"""The gateway itself without sockets, in the place of a client's session and of what it asks itself. Import after
`clock.install`."""

import json
import math
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

from aiohttp import web
from multidict import CIMultiDict, CIMultiDictProxy

from pool.contract.market import CACHE_HEADER, KIND_HEADER
from pool.exchange.gateway.asking import Target, kind_of
from pool.exchange.gateway.cache import Cache
from pool.exchange.gateway.clocks import Clock
from pool.exchange.gateway.gateway import Gateway
from pool.exchange.gateway.server import Front
from pool.exchange.gateway.upstream import Answer
from tests.integration.gateway.rigs import NoTables, OpenBudgets
from tests.process.bot.virtual.clock import CLOCK
from tests.process.bot.virtual.exchange import VirtualExchange

PAPER, GATEWAY = "http://127.0.0.1:9", "http://127.0.0.1:8"
Harm = Literal["late", "changed"]
_LATE_SECONDS = 30


class VirtualGateway:
    """What bots are answered, and when their `neighbour` asks. `harms` are done to answers with candles of Bitcoin of
    that timeframe, before the gateway has them: they are from before, or the last bit of a price is another one."""

    def __init__(self, exchange: VirtualExchange) -> None:
        self._exchange = exchange
        clock = Clock(lambda: CLOCK.now, lambda: int(CLOCK.now * 1000))
        self._front = front = Front(Gateway(NoTables(), OpenBudgets(), self, PAPER, Cache(), clock), {})  # type: ignore[arg-type]
        front.noted = lambda _exchange, header, *_: self.noted.add(header)
        self.noted: set[str] = set()
        """Series that were asked for."""
        self._asked: dict[str, dict[str, str]] = {}
        self.served: Counter[str] = Counter()
        """By kind (of candles: seconds), and how."""
        self.harms: dict[str, Harm] = {}
        self.headers: dict[str, str] = {}

    async def request(self, method: str, url: Any, *, headers: dict[str, str], **_: Any) -> "_Reply":
        path = str(url).removeprefix(GATEWAY)
        assert path != str(url), f"{url} was asked past the gateway"
        self._asked[path] = headers
        reply = await self._answer(method, path, headers)
        kind = kind_of(headers.get(KIND_HEADER))
        self.served[f"{kind.timeframe or kind.name} {reply.headers[CACHE_HEADER]}"] += 1
        return _Reply(reply)

    @asynccontextmanager
    async def get(self, url: Any, *, headers: dict[str, str], **_: Any) -> AsyncIterator["_Reply"]:
        """As the gateway's own worker asks."""
        yield _Reply(await self._reply("GET", str(url).removeprefix(GATEWAY), headers))

    async def neighbour(self) -> None:
        """Asks for all that was ever asked for."""
        for path, headers in self._asked.items():
            await self._answer("GET", path, headers)

    async def close(self) -> None:
        return

    async def _answer(self, method: str, path: str, headers: dict[str, str]) -> web.Response:
        reply = await self._reply(method, path, headers)
        assert reply.status == 200, reply.body
        return reply

    async def _reply(self, method: str, path: str, headers: dict[str, str]) -> web.Response:
        reply = await self._front.answer(_Request(method, path, CIMultiDict(headers)))  # type: ignore[arg-type]
        assert isinstance(reply, web.Response)
        return reply

    async def ask(self, method: str, asked: Target, headers: Any, body: bytes | None) -> Answer:
        """In the place of `Upstream`."""
        query = parse_qs(urlsplit(asked.url).query)
        harm = (
            self.harms.get(query["interval"][0]) if query.get("symbol") == ["BTCUSDT"] and "interval" in query else None
        )
        now = CLOCK.now
        CLOCK.now -= _LATE_SECONDS if harm == "late" else 0
        given = self._exchange.answer(method, asked.url)
        CLOCK.now = now
        answer = given if isinstance(given, bytes) else await given
        told = CIMultiDictProxy(CIMultiDict({"Content-Type": "application/json"}))
        return Answer(200, told, _changed(answer) if harm == "changed" else answer)


@dataclass
class _Request:
    """What `aiohttp.web.BaseRequest` is to the gateway; aiohttp's own for tests takes as long as the answer."""

    method: str
    raw_path: str
    headers: CIMultiDict[str]
    remote: str = "127.0.0.1"
    body_exists: bool = False

    @property
    def raw_headers(self) -> tuple[tuple[bytes, bytes], ...]:
        return tuple((name.encode(), value.encode()) for name, value in self.headers.items())


class _Reply:
    """What `aiohttp.ClientResponse` is to ccxt and to the routing."""

    def __init__(self, reply: web.Response) -> None:
        self.status, self.reason, self.headers = reply.status, reply.reason, reply.headers
        self._body = bytes(reply.body)  # type: ignore[arg-type]

    async def read(self) -> bytes:
        return self._body

    async def text(self, **_: Any) -> str:
        return self._body.decode()

    def release(self) -> None:
        return

    close = release

    async def wait_for_close(self) -> None:
        return


def _changed(body: bytes) -> bytes:
    """The close of the last candle that is complete."""
    rows = json.loads(body)
    rows[-2][4] = repr(math.nextafter(float(rows[-2][4]), math.inf))
    return json.dumps(rows).encode()
