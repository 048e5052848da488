"""What every cache must do: values that are taken once, attempts that slow themselves down."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.kit import redis_cache
from orchestrator.kit.attempts import AttemptRules
from orchestrator.kit.cache import Cache, InProcessCache
from orchestrator.kit.redis_cache import RedisCache
from tests.fakes.redis_server import redis_server
from tests.support import eventually

RULES = AttemptRules(free=2, limit_seconds=100, forget_seconds=600)
HASTY = replace(RULES, limit_seconds=0.01)
"""By which attempts are counted that would have to wait by the others."""


@pytest.fixture(params=["in_process", "redis"])
async def cache(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Cache]:
    if request.param == "in_process":
        yield InProcessCache()
        return
    monkeypatch.setattr(redis_cache, "_ANSWER_SECONDS", 20)  # a busy machine is no outage
    async with redis_server(tmp_path) as server:
        cache = RedisCache(server.url, f"test:{secrets.token_hex(4)}:")
        yield cache
        await cache.close()


async def put(cache: Cache, key: str, value: str = "v", *, seconds: float = 30, group: str = "g") -> None:
    await cache.put(key, value, seconds=seconds, group=group, most=3)


async def test_a_value_is_taken_once(cache: Cache) -> None:
    await put(cache, "k", "wärt")
    assert await cache.take("k") == "wärt"
    assert await cache.take("k") is None
    assert await cache.take("never") is None


async def test_who_only_looks_leaves_the_value(cache: Cache) -> None:
    await put(cache, "k", "wärt")
    assert [await cache.look("k"), await cache.look("k"), await cache.look("never")] == ["wärt", "wärt", None]
    assert await cache.take("k") == "wärt"
    assert await cache.look("k") is None


async def test_of_many_who_take_at_once_one_gets_it(cache: Cache) -> None:
    await put(cache, "k")
    assert sorted(map(str, await asyncio.gather(*(cache.take("k") for _ in range(50))))) == ["None"] * 49 + ["v"]


async def test_a_value_expires(cache: Cache) -> None:
    await put(cache, "long", seconds=30)
    for attempt in range(1000):
        await put(cache, f"short-{attempt}", seconds=0.001, group=f"g-{attempt}")
        await asyncio.sleep(0.005)
        if await cache.take(f"short-{attempt}") is None:
            break
    else:
        raise AssertionError("no value expired")
    assert await cache.take("long") == "v"


async def test_of_a_group_the_newest_are_kept(cache: Cache) -> None:
    await put(cache, "other", group="h")
    for number in range(5):
        await put(cache, f"k-{number}")
    assert [await cache.take(f"k-{number}") for number in range(5)] == [None, None, "v", "v", "v"]
    assert await cache.take("other") == "v"


async def test_attempts_beyond_the_free_ones_wait_ever_longer(cache: Cache) -> None:
    assert [await cache.begin("a", RULES) for _ in range(2)] == [0, 0]

    async def counted() -> bool:
        return await cache.begin("a", HASTY) == 0

    for _ in range(4):
        await eventually(counted)
    wait = await cache.begin("a", RULES)
    assert 8 < wait <= 16
    assert await cache.begin("a", RULES) <= wait, "what is refused does not count"
    assert await cache.begin("b", RULES) == 0, "others do not wait"
    began = time.monotonic()
    await eventually(counted)
    assert 16 < await cache.begin("a", RULES) <= 32
    second = replace(RULES, limit_seconds=1)

    async def allowed() -> bool:
        return await cache.begin("a", second) == 0

    await eventually(allowed, message="it is allowed after the wait")
    assert time.monotonic() - began >= 0.9, "and not before"


async def test_attempts_at_once_are_counted_each(cache: Cache) -> None:
    for attempt in range(100):
        began = time.monotonic()
        waits = await asyncio.gather(*(cache.begin(f"a-{attempt}", RULES) for _ in range(20)))
        if time.monotonic() - began < 1:  # or the first of them are over before the last begin
            break
    assert sorted(wait == 0 for wait in waits) == [False] * 18 + [True] * 2


async def test_attempts_are_forgotten_when_asked_and_by_time(cache: Cache) -> None:
    for _ in range(3):
        await cache.begin("a", RULES)
    await cache.forget("a")
    assert await cache.begin("a", RULES) == 0
    brief = AttemptRules(free=1, limit_seconds=60, forget_seconds=1)
    began = time.monotonic()
    assert await cache.begin("c", brief) == 0
    assert await cache.begin("c", brief) > 0 or time.monotonic() - began > 0.9

    async def allowed() -> bool:
        return await cache.begin("c", brief) == 0

    await eventually(allowed, message="it is forgotten")


async def test_no_rule_makes_a_wait_beyond_the_limit(cache: Cache) -> None:
    rules = AttemptRules(free=0, limit_seconds=0.01, forget_seconds=60)

    async def allowed() -> bool:
        return await cache.begin("a", rules) == 0

    for _ in range(12):
        await eventually(allowed, message="the wait is short however many there were")


async def test_counts_add_up_and_end(cache: Cache) -> None:
    assert [await cache.add("n", amount, seconds=60) for amount in (1, 5)] == [1, 6]
    assert sorted(await asyncio.gather(*(cache.add("m", 1, seconds=60) for _ in range(20)))) == list(range(1, 21))
    assert await cache.add("short", 3, seconds=1) == 3

    async def ended() -> bool:
        return await cache.add("short", 1, seconds=1) == 1

    await eventually(ended, message="the count has ended")


async def test_a_flood_of_one_kind_pushes_out_no_count_of_another() -> None:
    cache = InProcessCache()
    assert await cache.add("codes:user", 1, seconds=60) == 1
    for number in range(10_001):
        await cache.add(f"refused:{number}", 1, seconds=60)
    assert await cache.add("codes:user", 1, seconds=60) == 2
