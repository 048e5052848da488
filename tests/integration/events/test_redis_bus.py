"""The bus between processes: each `RedisBus` here stands for one."""

import asyncio
import time

import pytest
from loguru import logger
from pydantic import SecretStr

from orchestrator.errors import RedisUnavailable
from orchestrator.events.bus import Reset
from orchestrator.events.opening import open_bus as open_by_url
from tests.fakes.redis_server import PASSWORD, RedisServer
from tests.integration.events.conftest import PREFIX, OpenBus
from tests.integration.events.follower import TOPIC, following, publish
from tests.support import eventually


async def test_a_hint_of_another_process_wakes_at_once(server: RedisServer, open_bus: OpenBus) -> None:
    web, leader = await open_bus(server), await open_bus(server)
    async with following(leader, "hints") as follower:
        await publish(web, 0, topic="hints")
        await follower.until(0)
        delays = []
        for number in range(1, 11):
            began = time.monotonic()
            await publish(web, number, topic="hints")
            while follower.got[-1] != number:
                await asyncio.sleep(0.001)
            delays.append(time.monotonic() - began)
    assert sorted(delays)[5] < 0.2


async def test_messages_of_several_processes_come_once_and_in_one_order(server: RedisServer, open_bus: OpenBus) -> None:
    buses = [await open_bus(server) for _ in range(3)]
    followers = []
    for bus in buses:
        await bus.latest_cursor(TOPIC)
        followers.append(bus.subscribe(TOPIC))
    await asyncio.gather(*(bus.latest_cursor(TOPIC) for bus in buses))
    await asyncio.gather(*(publish(bus, *range(100 * at, 100 * at + 50)) for at, bus in enumerate(buses)))
    async with asyncio.timeout(60):
        got = [[(await anext(one)).body["n"] for _ in range(150)] for one in followers]  # type: ignore[union-attr]
    assert got[0] == got[1] == got[2]
    for at in range(3):
        assert [n for n in got[0] if n // 100 == at] == list(range(100 * at, 100 * at + 50))


async def test_a_cursor_resumes_in_another_process_exactly(server: RedisServer, open_bus: OpenBus) -> None:
    one, other = await open_bus(server), await open_bus(server)
    cursors = await publish(one, *range(5))
    async with following(other, after=cursors[3]) as late, following(other, after=cursors[1]) as early:
        assert await late.until(4) == [4]
        assert await early.until(4) == [2, 3, 4]
        await publish(one, 5)
        await late.until(5)
        await early.until(5)
        async with following(other, after=cursors[0]) as earliest:
            assert await earliest.until(5) == [1, 2, 3, 4, 5]
        assert (late.got, early.got) == ([4, 5], [2, 3, 4, 5])
        assert late.cursors[-1] == early.cursors[-1]


async def test_a_cursor_is_good_before_the_other_process_has_heard_of_it(
    server: RedisServer, open_bus: OpenBus
) -> None:
    one, other = await open_bus(server), await open_bus(server)
    async with following(other):
        for number in range(20):
            (cursor,) = await publish(one, number)
            async with following(other, after=cursor) as resumed:
                await publish(one, 1000 + number)
                assert await resumed.until(1000 + number) == [1000 + number]


async def test_what_other_topics_get_does_not_age_a_cursor(server: RedisServer, open_bus: OpenBus) -> None:
    one, other = await open_bus(server), await open_bus(server)
    cursor = await one.latest_cursor(TOPIC)
    await publish(one, *range(5), topic="other")
    await publish(one, 7)
    async with following(other, after=cursor) as follower:
        assert await follower.until(7) == [7]


async def test_what_redis_trimmed_resets(server: RedisServer, open_bus: OpenBus) -> None:
    one, other = await open_bus(server, ring_messages=5), await open_bus(server, ring_messages=5)
    cursors = await publish(one, *range(10))
    async with following(other, after=cursors[4]) as good, following(other, after=cursors[3]) as lost:
        await publish(one, 10)
        assert await good.until(10) == [5, 6, 7, 8, 9, 10]
        assert await lost.until(10) == ["reset", 10]


async def test_memory_in_redis_is_bounded_and_passes(server: RedisServer, open_bus: OpenBus) -> None:
    bus = await open_bus(server, ring_messages=50, ring_bytes=10_000, topic_seconds=100)
    await publish(bus, *range(200))
    for number in range(20):
        await bus.publish("large", "k", {"n": number, "text": "x" * 1000})
    async with server.client() as client:
        assert await client.xlen(f"{PREFIX}topic:{TOPIC}") == 50
        assert await client.xlen(f"{PREFIX}topic:large") == 9
        assert await client.hget(f"{PREFIX}bus", "size:large") == str(9 * len('{"n":19,"text":""}') + 9000).encode()
        keys = [key.decode() for key in await client.keys("*")]
        assert keys
        assert all(key.startswith(PREFIX) for key in keys)
        assert min([await client.ttl(key) for key in keys]) > 0, "an installation that is gone leaves nothing"


async def test_a_topic_that_ran_out_resets_old_cursors_but_not_the_newest(
    server: RedisServer, open_bus: OpenBus
) -> None:
    bus, other = await open_bus(server), await open_bus(server)
    cursors = await publish(bus, 1, 2)
    async with server.client() as client:
        await client.delete(f"{PREFIX}topic:{TOPIC}")
    async with following(other, after=cursors[1]) as newest:
        async with following(other, after=cursors[0]) as older:
            await publish(bus, 3)
            assert await older.until(3) == ["reset", 3]
        assert await newest.until(3) == [3]


@pytest.mark.parametrize("fields", [{"x": "y"}, {"p": "0", "k": "bot", "b": "{"}, {"p": "0", "k": "bot", "b": b"\xff"}])
async def test_an_entry_that_cannot_be_read_is_a_gap(
    server: RedisServer, open_bus: OpenBus, fields: dict[str, str | bytes]
) -> None:
    bus, other = await open_bus(server), await open_bus(server)
    async with following(bus) as follower:
        (cursor,) = await publish(other, 1)
        await follower.until(1)
        async with server.client() as client:
            number = await client.hincrby(f"{PREFIX}bus", "counter", 1)
            await client.xadd(f"{PREFIX}topic:{TOPIC}", fields, id=f"{number}-0")  # type: ignore[arg-type]
            await client.hset(f"{PREFIX}bus", f"last:{TOPIC}", str(number))
        await follower.until("reset")
        await publish(other, 2)
        assert await follower.until(2) == [1, "reset", 2]
        fresh = await open_bus(server)
        async with following(fresh, after=cursor) as resumed:
            await publish(other, 3)
            assert await resumed.until(3) == ["reset", 3]


async def test_installations_are_apart(server: RedisServer, open_bus: OpenBus) -> None:
    one, other = await open_bus(server, "flotilla:one:"), await open_bus(server, "flotilla:two:")
    (cursor,) = await publish(one, 1)
    async with following(other) as live, following(other, after=cursor) as foreign:
        await foreign.until("reset")
        await publish(one, 2)
        await publish(other, 3)
        assert await live.until(3) == [3]
        assert await foreign.until(3) == ["reset", 3]


async def test_a_thousand_subscribers_share_two_connections(server: RedisServer, open_bus: OpenBus) -> None:
    bus, other = await open_bus(server), await open_bus(server)
    subscriptions = [bus.subscribe(f"user.{number % 50}") for number in range(1000)]
    await bus.latest_cursor("user.0")
    for number in range(50):
        await publish(other, number, topic=f"user.{number}")
    async with asyncio.timeout(60):
        for number, subscription in enumerate(subscriptions):
            item = await anext(subscription)
            assert not isinstance(item, Reset)
            assert item.body == {"n": number % 50}
    async with server.client() as client:
        assert len(await client.client_list()) <= 2 * 2 + 1


async def test_many_who_resume_at_once_read_the_history_once(server: RedisServer, open_bus: OpenBus) -> None:
    one, other = await open_bus(server), await open_bus(server)
    cursors = await publish(one, *range(100))
    subscriptions = [other.subscribe(TOPIC, after=cursors[at % 100]) for at in range(1000)]
    await publish(one, 100)
    async with asyncio.timeout(60):
        for at, subscription in enumerate(subscriptions):
            item = await anext(subscription)
            assert not isinstance(item, Reset)
            assert item.body["n"] == at % 100 + 1
    async with server.client() as client:
        stats = await client.info("commandstats")
    assert stats["cmdstat_xrange"]["calls"] < 100


async def test_a_topic_nobody_follows_is_forgotten_here_and_found_again(server: RedisServer, open_bus: OpenBus) -> None:
    bus, other = await open_bus(server, idle_seconds=0, answer_seconds=1), await open_bus(server)
    async with following(bus) as follower:
        (cursor,) = await publish(other, 1)
        await follower.until(1)
    await eventually(lambda: bus.gauges()["bus_topics"] == 0, message="the topic is dropped")
    await publish(other, 2)
    async with following(bus, after=cursor) as again:
        assert await again.until(2) == [2]


async def test_the_password_is_in_no_log_and_no_sentence(server: RedisServer) -> None:
    told: list[str] = []
    sink = logger.add(told.append, level="TRACE", backtrace=True, diagnose=False)
    right = server.url.get_secret_value()
    bus = open_by_url(SecretStr(right.replace("test@", "wrong@")), "x:")
    try:
        await eventually(lambda: bus.health() is not None, message="a wrong password is told")
        with pytest.raises(RedisUnavailable) as refused:
            await bus.latest_cursor("t")
        with pytest.raises(ValueError, match="cannot be read") as unreadable:
            open_by_url(SecretStr(f"redis://:{PASSWORD}@host:port/0"))
    finally:
        await bus.close()
        logger.remove(sink)
    sentences = [*told, str(bus.health()), str(refused.value), repr(unreadable.value), repr(vars(bus))]
    assert unreadable.value.__cause__ is None
    for sentence in sentences:
        assert "p@ss" not in sentence
        assert "p%40ss" not in sentence
