"""Redis is killed, frozen, emptied, set back: nobody stalls, and no gap is silent."""

import asyncio
import itertools
import random
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from orchestrator.errors import RedisUnavailable
from tests.fakes.redis_server import RedisServer
from tests.integration.events.conftest import HASTY, STALL_SECONDS, OpenBus, healthy
from tests.integration.events.follower import TOPIC, Follower, assert_no_silent_gap, following, placed, publish, slowest
from tests.support import eventually


@pytest.fixture
def bus_options() -> dict[str, Any]:
    return HASTY


async def test_a_kill_loses_nothing_or_is_told(any_server: RedisServer, open_bus: OpenBus) -> None:
    web, leader = await open_bus(any_server), await open_bus(any_server)
    async with following(web) as follower, following(leader) as own:
        before = await publish(leader, 0, 1)
        await follower.until(1)
        any_server.kill()
        assert await slowest(leader, range(2, 12)) < STALL_SECONDS, "nobody who publishes stalls"
        await eventually(lambda: web.health() and leader.health(), message="both tell")
        await any_server.start()
        await eventually(lambda: not web.health() and not leader.health(), message="both are well again")
        (after,) = await publish(leader, 12)
        await follower.until(12)
        await own.until(12)
        if any_server.persistent:
            assert follower.got == own.got == list(range(13))
        else:
            for got in (follower.got, own.got):
                assert got.count("reset") == 1
                assert got[:3] == [0, 1, "reset"]
                assert got[3:] == list(range(13))[-len(got[3:]) :]
        async with following(web, after=before[0]) as old, following(web, after=after) as new:
            await publish(leader, 13)
            await old.until(13)
            assert old.got == ([*range(1, 14)] if any_server.persistent else ["reset", 13])
            assert await new.until(13) == [13]


async def test_redis_that_comes_later_is_waited_for(any_server: RedisServer, open_bus: OpenBus) -> None:
    any_server.kill()
    bus = await open_bus(any_server)
    follower = Follower(bus)
    assert await slowest(bus, range(5)) < STALL_SECONDS
    with pytest.raises(RedisUnavailable):
        await bus.latest_cursor("another")
    assert "Redis" in (bus.health() or "")
    await any_server.start()
    assert await follower.until(4) == [0, 1, 2, 3, 4]
    await follower.close()


async def test_what_waited_too_long_is_dropped_and_resets_all(server: RedisServer, open_bus: OpenBus) -> None:
    web, leader = await open_bus(server), await open_bus(server, outbox_messages=20)
    async with following(web) as follower, following(leader) as own:
        (cursor,) = await publish(leader, 0)
        await follower.until(0)
        server.kill()
        await publish(leader, *range(1, 50))
        assert leader.gauges()["bus_dropped_messages"] >= 21
        await server.start()
        await follower.until(49)
        await own.until(49)
        for got in (follower.got, own.got):
            assert got.count("reset") == 1
            kept = got[got.index("reset") + 1 :]
            assert kept == list(range(50))[-len(kept) :]
        async with following(web, after=cursor) as resumed:
            await publish(leader, 50)
            assert await resumed.until(50) == ["reset", 50]


async def test_stale_messages_are_dropped_by_age(server: RedisServer, open_bus: OpenBus) -> None:
    web, leader = await open_bus(server), await open_bus(server, outbox_seconds=1)
    async with following(web) as follower:
        await publish(leader, 0)
        await follower.until(0)
        server.kill()
        await publish(leader, 1, 2)
        await asyncio.sleep(1.5)  # what is tested is age
        await server.start()
        await healthy(leader)
        await publish(leader, 3)
        assert await follower.until(3) == [0, "reset", 3]


async def test_a_frozen_redis_stalls_nobody_and_doubles_nothing(server: RedisServer, open_bus: OpenBus) -> None:
    web, leader = await open_bus(server), await open_bus(server)
    async with following(web) as follower:
        await publish(leader, 0)
        with server.frozen():
            began = time.monotonic()
            await publish(leader, *range(1, 30))
            assert time.monotonic() - began < 29 * 0.5 / 2, "it waits once, not for each"
            await eventually(lambda: web.health() and leader.health(), message="a frozen Redis is told")
            assert await web.latest_cursor(TOPIC), "what is followed already needs no Redis to be opened again"
        await healthy(leader)
        await publish(leader, 30)
        assert await follower.until(30) == list(range(31))


async def test_a_flush_resets_even_though_no_connection_broke(server: RedisServer, open_bus: OpenBus) -> None:
    web, leader = await open_bus(server), await open_bus(server)
    async with following(web) as follower:
        (cursor,) = await publish(leader, 0)
        await follower.until(0)
        async with server.client() as client:
            await client.flushall()
        await follower.until("reset")
        await publish(leader, 1)
        assert await follower.until(1) == [0, "reset", 1]
        async with following(leader, after=cursor) as resumed:
            await publish(web, 2)
            assert await resumed.until(2) == ["reset", 2]


async def test_a_bus_that_begins_anew_resets_the_others_even_where_redis_comes_later(
    server: RedisServer, open_bus: OpenBus
) -> None:
    web, leader = await open_bus(server), await open_bus(server)
    async with following(web) as follower, following(leader) as own:
        await publish(leader, 0)
        await follower.until(0)
        server.kill()
        leader.begin_anew()
        await publish(leader, 1)
        await server.start()
        await follower.until("reset")
        await own.until("reset")
        await healthy(leader)
        await publish(leader, 2)
        for one in (follower, own):
            await one.until(2)
            assert one.got.count("reset") == 1
            assert one.got[0] == 0


async def test_data_set_back_by_a_restart_resets(server: RedisServer, open_bus: OpenBus, tmp_path: Path) -> None:
    """As after a failover to a replica that lagged: what was confirmed is gone, the rest is there."""
    web, leader = await open_bus(server), await open_bus(server)
    async with following(web) as follower:
        await publish(leader, 0)
        await follower.until(0)
        await server.stop()
        shutil.copytree(tmp_path / "appendonlydir", tmp_path / "copy")
        await server.start()
        await healthy(leader)
        cursors = await publish(leader, 1, 2)
        await follower.until(2)
        await server.stop()
        shutil.rmtree(tmp_path / "appendonlydir")
        (tmp_path / "copy").rename(tmp_path / "appendonlydir")
        await server.start()
        await healthy(leader)
        await publish(leader, 3)
        await follower.until(3)
        assert follower.got == [0, 1, 2, "reset", 3]
        async with following(web, after=cursors[0]) as resumed:
            await publish(leader, 4)
            assert await resumed.until(4) == ["reset", 4]


@pytest.mark.parametrize("seed", [1, 2])
async def test_no_gap_is_silent_whatever_happens(any_server: RedisServer, open_bus: OpenBus, seed: int) -> None:
    """Two processes publish, two follow, one more resumes at what another saw; Redis goes in all ways, by chance."""
    chance = random.Random(seed)
    buses = [await open_bus(any_server, ring_messages=200, outbox_messages=30) for _ in range(2)]
    followers = [Follower(bus, topic) for bus in buses for topic in ("a", "b")]
    await asyncio.gather(*(placed(bus, "a") for bus in buses))
    numbers = itertools.count()
    sent: dict[str, dict[int, list[int]]] = {"a": {0: [], 1: []}, "b": {0: [], 1: []}}
    resumed: list[tuple[str, list[int | str], Follower]] = []
    for _ in range(25):
        match chance.choice(["publish"] * 6 + ["kill", "freeze", "flush", "fill", "evict", "resume", "resume"]):
            case "publish":
                for _ in range(chance.randint(1, 15)):
                    at, topic, number = chance.randint(0, 1), chance.choice("ab"), next(numbers)
                    sent[topic][at].append(number)
                    await publish(buses[at], number, topic=topic)
            case "kill":
                any_server.kill()
                for _ in range(chance.choice([0, 5, 100])):
                    number = next(numbers)
                    sent["a"][0].append(number)
                    await publish(buses[0], number, topic="a")
                await any_server.start()
            case "freeze":
                with any_server.frozen():
                    number = next(numbers)
                    sent["b"][1].append(number)
                    await publish(buses[1], number, topic="b")
                    await asyncio.sleep(chance.choice([0, 0.7]))
            case "flush":
                async with any_server.client() as client:
                    await client.flushall()
            case "fill":
                async with any_server.client() as client:
                    await client.config_set("maxmemory", "1")
                    for _ in range(chance.choice([1, 100])):
                        number = next(numbers)
                        sent["a"][1].append(number)
                        await publish(buses[1], number, topic="a")
                    await client.config_set("maxmemory", "0")
            case "evict":
                async with any_server.client() as client:
                    await client.delete(chance.choice(sorted(await client.keys("*")) or [b"none"]))
            case "resume":
                follower = chance.choice(followers)
                if follower.cursors:
                    place = chance.randrange(len(follower.cursors))
                    topic = "ab"[followers.index(follower) % 2]
                    other = buses[1 - followers.index(follower) // 2]
                    resumed.append((topic, follower.got[: place + 1], Follower(other, topic, follower.cursors[place])))
    for bus in buses:
        await healthy(bus)
    await asyncio.sleep(1.5)  # a flush is noticed within a second
    for bus in buses:
        await healthy(bus)
    for at, topic in ((0, "a"), (1, "b")):
        last = next(numbers)
        sent[topic][at].append(last)
        await publish(buses[at], last, topic=topic)
    for follower in followers:
        topic = "ab"[followers.index(follower) % 2]
        await follower.until(max(sent[topic][0] + sent[topic][1]))
        assert_no_silent_gap(follower.got, sent[topic])
    for topic, before, follower in resumed:
        await follower.until(max(sent[topic][0] + sent[topic][1]))
        assert_no_silent_gap([*before, *follower.got], sent[topic])
    for one in [*followers, *(one for _, _, one in resumed)]:
        await one.close()
