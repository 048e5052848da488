"""Streams of API processes that share Redis: it is killed under them, and browsers go from one process to another."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from orchestrator.events.redis import RedisBus
from orchestrator.kit.redis_cache import RedisCache
from orchestrator.portfolio.service import PortfolioService
from tests.fakes.portfolio_world import PortfolioWorld
from tests.fakes.redis_server import RedisServer, redis_server
from tests.integration.stream.conftest import build_app, token_of
from tests.integration.stream.sse import Served, Stream, serve
from tests.support import eventually

TOPIC = "user.user-1"


@dataclass
class Two:
    """Two processes, so to speak."""

    server: RedisServer
    one: Served
    other: Served


@pytest.fixture(params=[True, False], ids=["persistent", "forgetful"])
async def two(request: pytest.FixtureRequest, world: PortfolioWorld, tmp_path: Path) -> AsyncIterator[Two]:
    async with contextlib.AsyncExitStack() as stack:
        server = await stack.enter_async_context(redis_server(tmp_path, persistent=request.param))
        served = []
        for _ in range(2):
            bus, cache = RedisBus(server.url, "test:", answer_seconds=5), RedisCache(server.url, "test:cache:")
            bus.start()
            stack.push_async_callback(cache.close)
            stack.push_async_callback(bus.close)
            app = build_app(world, bus, PortfolioService(world.database, bus), cache)
            served.append(await stack.enter_async_context(serve(app, bus, token_of("user-1"))))
        yield Two(server, *served)


async def values_until(stream: Stream, last: int) -> list[int | str]:
    """The `n` of the events up to the last, "reset" and "portfolio"."""
    got: list[int | str] = []
    while not got or got[-1] != last:
        event = await stream.next()
        got.append(event.data["n"] if event.name == "bot" else str(event.name))
    return got


async def test_a_stream_survives_a_kill_of_redis_without_a_silent_gap(two: Two) -> None:
    bus = two.other.bus
    async with two.one.stream() as stream:
        assert (await stream.next()).name == "portfolio"
        await bus.publish(TOPIC, "bot", {"n": 0})
        assert (await stream.next()).data == {"n": 0}
        two.server.kill()
        for number in range(1, 5):
            await bus.publish(TOPIC, "bot", {"n": number})
        assert (await two.one.client.get("/api/v1/portfolio")).status_code == 200
        await two.server.start()
        await eventually(lambda: bus.health() is None and two.one.bus.health() is None, message="both are well again")
        await bus.publish(TOPIC, "bot", {"n": 5})
        got = await values_until(stream, 5)
    if two.server.persistent:
        assert got == [1, 2, 3, 4, 5]
    else:
        assert got[:2] == ["reset", "portfolio"]
        assert got[2:] == [1, 2, 3, 4, 5][-len(got[2:]) :]


async def test_a_browser_resumes_at_another_process(two: Two) -> None:
    async with two.one.stream() as stream:
        await stream.next()
        await two.one.bus.publish(TOPIC, "bot", {"n": 0})
        seen = await stream.next()
    for number in (1, 2):
        await two.one.bus.publish(TOPIC, "bot", {"n": number})
    assert seen.id
    async with two.other.stream(**{"Last-Event-ID": seen.id}) as stream:
        await two.one.bus.publish(TOPIC, "bot", {"n": 3})
        assert await values_until(stream, 3) == [1, 2, 3]


async def test_without_redis_new_streams_and_tickets_are_a_503_with_a_time(two: Two) -> None:
    async with two.one.stream() as kept:
        await kept.next()
        two.server.kill()
        await eventually(two.other.bus.health, message="the outage is noticed")
        refused = await two.other.client.get("/api/v1/portfolio/stream")
        ticket = await two.other.client.post("/api/v1/auth/tickets", json={"purpose": "portfolio"})
        for answer in (refused, ticket):
            assert answer.status_code == 503
            assert int(answer.headers["Retry-After"]) >= 1
            assert answer.json()["code"] == "redis_unavailable"
        async with two.one.stream() as known:
            assert (await known.next()).name == "portfolio", "a topic that is followed needs no Redis to be joined"


async def test_a_ticket_of_one_process_opens_a_stream_of_another(two: Two) -> None:
    answer = await two.one.client.post("/api/v1/auth/tickets", json={"purpose": "portfolio"})
    path = f"/api/v1/portfolio/stream?ticket={answer.json()['ticket']}"
    async with httpx.AsyncClient(base_url=two.other.client.base_url, timeout=60) as browser:
        async with browser.stream("GET", path) as response:
            assert response.status_code == 200
        assert (await browser.get(path)).status_code == 401


async def test_a_hundred_streams_get_what_another_process_publishes(two: Two) -> None:
    async with contextlib.AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(two.one.stream()) for _ in range(100)]
        for stream in streams:
            await stream.next()
        await two.other.bus.publish(TOPIC, "bot", {"n": 1})
        got = await asyncio.gather(*(stream.next() for stream in streams))
    assert all(event.data == {"n": 1} for event in got)
