"""Redis has no memory left: it takes nothing more, or, where its policy says so, drops what it has."""

import asyncio
from typing import Any

import pytest

from orchestrator.errors import RedisUnavailable
from tests.fakes.redis_server import RedisServer
from tests.integration.events.conftest import HASTY, PREFIX, STALL_SECONDS, OpenBus, healthy
from tests.integration.events.follower import TOPIC, Follower, assert_no_silent_gap, following, placed, publish, slowest
from tests.support import eventually


@pytest.fixture
def bus_options() -> dict[str, Any]:
    return HASTY


async def test_a_full_redis_is_told_and_made_up_for(server: RedisServer, open_bus: OpenBus) -> None:
    bus = await open_bus(server)
    async with following(bus) as follower:
        await publish(bus, 0)
        async with server.client() as client:
            await client.config_set("maxmemory", "1")
            await publish(bus, 1, 2)
            await eventually(bus.health, message="a full Redis is told")
            await client.config_set("maxmemory", "0")
        await healthy(bus)
        assert await follower.until(2) == [0, 1, 2]


async def test_a_full_redis_lets_streams_resume_and_tells_what_was_dropped(
    server: RedisServer, open_bus: OpenBus
) -> None:
    web, leader = await open_bus(server, answer_seconds=5), await open_bus(server, outbox_messages=20)
    async with following(web) as follower, following(leader) as own, server.client() as client:
        (cursor,) = await publish(leader, 0)
        await follower.until(0)
        await client.config_set("maxmemory", "1")
        assert await slowest(leader, range(1, 50)) < STALL_SECONDS, "nobody who publishes stalls"
        await eventually(leader.health, message="a full Redis is told")
        assert "maxmemory" in (leader.health() or "")
        assert leader.gauges()["bus_dropped_messages"] >= 21
        assert web.health() is None, "who only reads goes on"
        assert await web.latest_cursor("another")
        with pytest.raises(RedisUnavailable, match="maxmemory"):
            await leader.latest_cursor("another")
        await client.config_set("maxmemory", "0")
        await healthy(leader)
        for one in (follower, own):
            await one.until(49)
            assert one.got.count("reset") == 1
            kept = one.got[one.got.index("reset") + 1 :]
            assert kept == list(range(50))[-len(kept) :]
        async with following(web, after=cursor) as resumed:
            await publish(leader, 50)
            assert await resumed.until(50) == ["reset", 50]


async def test_a_topic_that_is_evicted_before_it_is_read_resets(server: RedisServer, open_bus: OpenBus) -> None:
    """Nothing else comes on that topic that would show it."""
    web, leader = await open_bus(server), await open_bus(server)
    async with following(web) as follower, following(web, "other") as other, server.client() as client:
        await publish(leader, 0)
        await publish(leader, 0, topic="other")
        await follower.until(0)
        async with client.pipeline(transaction=True) as evicted:
            evicted.hincrby(f"{PREFIX}bus", "counter", 1)
            await evicted.execute()
            number = int(await client.hget(f"{PREFIX}bus", "counter") or 0)
            evicted.xadd(f"{PREFIX}topic:{TOPIC}", {"p": "0", "k": "bot", "b": "{}"}, id=f"{number}-0")
            evicted.hset(f"{PREFIX}bus", f"last:{TOPIC}", str(number))
            evicted.delete(f"{PREFIX}topic:{TOPIC}")
            await evicted.execute()
        assert await follower.until("reset") == [0, "reset"]
        await publish(leader, 1)
        await publish(leader, 1, topic="other")
        assert await follower.until(1) == [0, "reset", 1]
        assert await other.until(1) == [0, 1], "other topics have no gap"


@pytest.mark.parametrize("policy", ["allkeys-lru", "allkeys-random", "volatile-ttl"])
async def test_no_gap_is_silent_where_redis_evicts(server: RedisServer, open_bus: OpenBus, policy: str) -> None:
    web, leader = await open_bus(server), await open_bus(server)
    topics = [f"user.{number}" for number in range(30)]
    sent: dict[str, list[int]] = {topic: [] for topic in topics}
    async with server.client() as client:
        used = (await client.info("memory"))["used_memory"]
        await client.config_set("maxmemory-policy", policy)
        await client.config_set("maxmemory", str(used + 300_000))
        followers = {topic: Follower(web, topic) for topic in topics}
        await asyncio.gather(*(placed(web, topic) for topic in topics))
        for number in range(1000):
            topic = topics[number % 30]
            sent[topic].append(number)
            await leader.publish(topic, "bot", {"n": number, "text": "x" * 1000})
        assert (await client.info("stats"))["evicted_keys"] > 0
        for topic, follower in followers.items():

            def ended(follower: Follower = follower, last: int = sent[topic][-1]) -> bool:
                return follower.got[-1:] in ([last], ["reset"])

            await eventually(ended, message="the end is there, or told to be lost")
            assert_no_silent_gap(follower.got, {0: sent[topic]})
        for follower in followers.values():
            await follower.close()
