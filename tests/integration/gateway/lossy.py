"""Something between the gateway and the exchange that loses connections, by a seed and in no other order."""

import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal, TypeVar

import aiohttp
from aiohttp import web
from yarl import URL

from pool.exchange.gateway.server import serve

Loss = Literal["before", "after", "within"]
"""Of a request before it arrives, of its answer, or of the rest of that."""
_OF_ONE_HOP = ("connection", "keep-alive", "transfer-encoding")


class Lossy:
    """What is lost depends on what is asked for, and how often it was: not on what else is under way."""

    def __init__(self, exchange: str, share: float, seed: int) -> None:
        self._exchange, self._share, self._seed = exchange, share, seed
        self.asked: Counter[str] = Counter()
        """By method and path."""
        self.url = ""
        self.lost: Counter[tuple[str, Loss]] = Counter()
        """By method and path."""
        self.http = aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True, limit=0))

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        what = f"{request.method} {request.path}"
        loss = None if request.path.startswith("/control/") else self._loss(what)
        if loss is not None:
            self.lost[what, loss] += 1
        if loss == "before":
            return _cut(request)
        url = URL(self._exchange + request.raw_path, encoded=True)
        body = await request.read()
        async with self.http.request(
            request.method, url, data=body, headers=request.headers, allow_redirects=False, auto_decompress=False
        ) as reply:
            content = await reply.read()
            headers = {name: value for name, value in reply.headers.items() if name.lower() not in _OF_ONE_HOP}
        if loss == "after":
            return _cut(request)
        if loss is None:
            return web.Response(body=content, status=reply.status, headers=headers)
        half = web.StreamResponse(status=reply.status, headers=headers)
        await half.prepare(request)
        await half.write(content[: len(content) // 2])
        assert request.transport is not None
        request.transport.close()
        return half

    def _loss(self, what: str) -> Loss | None:
        self.asked[what] += 1
        chance = random.Random(f"{self._seed} {what} {self.asked[what]}")
        return chance.choice(("before", "after", "within")) if chance.random() < self._share else None


L = TypeVar("L", bound=Lossy)


def _cut(request: web.BaseRequest) -> web.Response:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


@asynccontextmanager
async def between(one: L) -> AsyncIterator[L]:
    """It listens at its `url`."""
    runner, port = await serve(one.answer, "127.0.0.1", 0)
    one.url = f"http://127.0.0.1:{port}"
    try:
        yield one
    finally:
        await runner.cleanup()
        await one.http.close()
