from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from orchestrator.events.redis import RedisBus
from tests.fakes.redis_server import RedisServer, redis_server
from tests.support import eventually

PREFIX = "flotilla:test:"
OpenBus = Callable[..., Awaitable[RedisBus]]


@pytest.fixture(params=[True, False], ids=["persistent", "forgetful"])
async def any_server(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[RedisServer]:
    """One with an append-only file, and one without."""
    async with redis_server(tmp_path, persistent=request.param) as server:
        yield server


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[RedisServer]:
    async with redis_server(tmp_path, persistent=True) as server:
        yield server


@pytest.fixture
async def open_bus() -> AsyncIterator[OpenBus]:
    """Opens buses, as several processes would, and closes them after the test."""
    opened: list[RedisBus] = []

    async def open_one(server: RedisServer, prefix: str = PREFIX, **options: Any) -> RedisBus:
        bus = RedisBus(server.url, prefix, **{"answer_seconds": 0.5, **options})
        bus.start()
        opened.append(bus)
        return bus

    yield open_one
    for bus in opened:
        await bus.close()


async def healthy(bus: RedisBus) -> None:
    """Until its connections stand."""
    await eventually(lambda: bus.health() is None, 10, "the bus is healthy")
    await bus.latest_cursor("none")
