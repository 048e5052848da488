from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from orchestrator.events.redis import RedisBus
from tests.fakes.redis_server import RedisServer, redis_server
from tests.fakes.wire import Wire
from tests.integration.events.follower import placed
from tests.support import eventually

PREFIX = "flotilla:test:"
HASTY = {"answer_seconds": 0.5, "patience_seconds": 0.5}
"""Options of buses that are to notice outages soon."""
STALL_SECONDS = 10
"""Longer than nobody who publishes may be held up: patience, and what a busy machine adds."""
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
def bus_options() -> dict[str, Any]:
    """Patient: a busy machine is no outage. Tests of outages have others."""
    return {"answer_seconds": 5, "patience_seconds": 20}


@pytest.fixture
async def open_bus(bus_options: dict[str, Any]) -> AsyncIterator[OpenBus]:
    """Opens buses, as several processes would, and closes them after the test."""
    opened: list[RedisBus] = []

    async def open_one(
        server: RedisServer, prefix: str = PREFIX, *, by: Wire | None = None, **options: Any
    ) -> RedisBus:
        url = server.url if by is None else SecretStr(by.through(server.url.get_secret_value()))
        bus = RedisBus(url, prefix, **{**bus_options, **options})
        bus.start()
        opened.append(bus)
        return bus

    yield open_one
    for bus in opened:
        await bus.close()


async def healthy(bus: RedisBus) -> None:
    """Until its connections stand."""
    await eventually(lambda: bus.health() is None, message="the bus is healthy")
    await placed(bus, "none")
