"""How many requests may be under way, and to whom."""

import asyncio
from contextlib import AsyncExitStack

from aiohttp import web

from pool.exchange.gateway.asking import Target, target
from pool.exchange.gateway.server import serve
from pool.exchange.gateway.upstream import MOST_CONNECTIONS, Upstream
from tests.integration.gateway.rigs import Scripted
from tests.support import PATIENT_SECONDS, eventually

HANGING = 5


def at(port: int) -> Target:
    found = target(f"/x/paper/http/127.0.0.1:{port}/hang")
    assert found is not None
    return found


async def test_addresses_that_hang_take_no_connection_of_another() -> None:
    exchange, go_on = Scripted(), asyncio.Event()

    async def hang(_: web.BaseRequest) -> web.Response:
        await go_on.wait()
        return web.Response()

    exchange.handlers["/hang"] = hang
    async with AsyncExitStack() as stack:
        targets = []
        for _ in range(HANGING + 1):
            runner, port = await serve(exchange.answer, "127.0.0.1", 0)
            stack.push_async_callback(runner.cleanup)
            targets.append(at(port))
        upstream = Upstream(connect_seconds=PATIENT_SECONDS, total_seconds=PATIENT_SECONDS)
        stack.push_async_callback(upstream.close)
        asks = [
            asyncio.create_task(upstream.ask("GET", one, [], None))
            for one in targets[:HANGING]
            for _ in range(MOST_CONNECTIONS + 1)
        ]
        await eventually(lambda: exchange.count("/hang") == HANGING * MOST_CONNECTIONS)
        asks.append(asyncio.create_task(upstream.ask("GET", targets[-1], [], None)))
        await eventually(lambda: exchange.count("/hang") == HANGING * MOST_CONNECTIONS + 1)
        go_on.set()
        assert {answer.status for answer in await asyncio.gather(*asks)} == {200}
