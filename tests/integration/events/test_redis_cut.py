"""The network to Redis swallows everything: nobody stalls, and no gap is silent."""

import asyncio
import contextlib
from typing import Any

import pytest

from orchestrator.errors import RedisUnavailable
from tests.fakes.redis_server import RedisServer
from tests.fakes.wire import wire
from tests.integration.events.conftest import HASTY, STALL_SECONDS, OpenBus, healthy
from tests.integration.events.follower import following, publish, slowest
from tests.support import eventually


@pytest.fixture
def bus_options() -> dict[str, Any]:
    return HASTY


@pytest.mark.parametrize("who", ["web", "leader", "both"])
async def test_who_is_cut_off_stalls_nobody_and_misses_nothing(
    server: RedisServer, open_bus: OpenBus, who: str
) -> None:
    with wire(server.port) as first, wire(server.port) as second:
        web, leader = await open_bus(server, by=first), await open_bus(server, by=second)
        async with following(web) as follower, following(leader) as own:
            await publish(leader, 0)
            await follower.until(0)
            with contextlib.ExitStack() as cut:
                for name, its in (("web", first), ("leader", second)):
                    if who in (name, "both"):
                        cut.enter_context(its.cut())
                assert await slowest(leader, range(1, 30)) < STALL_SECONDS, "nobody who publishes stalls"
                for name, bus in (("web", web), ("leader", leader)):
                    if who in (name, "both"):
                        await eventually(bus.health, message="who is cut off tells")
                if who != "leader":
                    with pytest.raises(RedisUnavailable):
                        async with asyncio.timeout(30):
                            await web.latest_cursor("another")
            await healthy(web)
            await healthy(leader)
            await publish(leader, 30)
            assert await follower.until(30) == list(range(31))
            assert await own.until(30) == list(range(31))


async def test_who_is_cut_off_for_long_is_told_of_the_gap(server: RedisServer, open_bus: OpenBus) -> None:
    with wire(server.port) as line:
        web, leader = await open_bus(server, by=line, ring_messages=20), await open_bus(server, ring_messages=20)
        async with following(web) as follower:
            (cursor,) = await publish(leader, 0)
            await follower.until(0)
            with line.cut():
                await publish(leader, *range(1, 50))
            await follower.until(49)
            gap = follower.got.index("reset")
            assert follower.got == [*range(gap), "reset", *range(30, 50)]
            async with following(web, after=cursor) as resumed:
                await publish(leader, 50)
                assert await resumed.until(50) == ["reset", 50]
