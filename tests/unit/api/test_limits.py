"""Budgets of a minute, by a clock of the test; shared by processes that share a cache, and not lost with it."""

import pytest
from loguru import logger

from api.limits import Budget, Limits
from api.settings import ApiSettings
from orchestrator.errors import RedisUnavailable
from orchestrator.kit.cache import InProcessCache
from tests.support import eventually

SETTINGS = ApiSettings(reads_per_minute=3, requests_per_token_per_minute=2)
MINUTE = 1_800_000_000 // 60 * 60


class Clock:
    def __init__(self) -> None:
        self.now = MINUTE + 15.0

    def __call__(self) -> float:
        return self.now


class BrokenCache(InProcessCache):
    broken = True

    async def add(self, key: str, amount: int, *, seconds: int) -> int:
        if self.broken:
            raise RedisUnavailable("gone")
        return await super().add(key, amount, seconds=seconds)


async def allowed(limits: Limits, times: int, who: str = "one", budget: Budget = Budget.READS) -> list[bool]:
    return [(await limits.hit(budget, who)).allowed for _ in range(times)]


async def test_a_budget_lasts_for_a_minute() -> None:
    clock = Clock()
    limits = Limits(SETTINGS, now=clock)
    first = await limits.hit(Budget.READS, "one")
    assert (first.limit, first.remaining, first.reset_seconds) == (3, 2, 45)
    assert await allowed(limits, 3) == [True, True, False]
    clock.now += 44
    refused = await limits.hit(Budget.READS, "one")
    assert (refused.allowed, refused.remaining, refused.reset_seconds) == (False, 0, 1)
    clock.now += 1
    assert await allowed(limits, 4) == [True, True, True, False]


async def test_each_has_a_budget_of_his_own() -> None:
    limits = Limits(SETTINGS, now=Clock())
    assert await allowed(limits, 4, "one") == [True, True, True, False]
    assert await allowed(limits, 1, "two") == [True]
    assert await allowed(limits, 3, "one", Budget.TOKEN) == [True, True, False]


async def test_processes_that_share_a_cache_share_a_budget() -> None:
    cache, clock = InProcessCache(), Clock()
    one, two = (Limits(SETTINGS, cache, clock) for _ in range(2))
    assert await allowed(one, 3) == [True] * 3

    async def heard() -> bool:
        return not (await two.hit(Budget.READS, "one")).allowed

    await two.hit(Budget.READS, "one")
    await eventually(heard, message="the other process has heard of it")
    for limits in (one, two):
        await limits.close()


async def test_without_the_cache_each_process_goes_by_its_own_counts() -> None:
    lines: list[str] = []
    sink = logger.add(lines.append, format="{message}")
    cache = BrokenCache()
    limits = Limits(SETTINGS, cache, Clock())
    try:
        for _ in range(3):
            await limits.hit(Budget.CHANGES, "one")

            async def told() -> bool:
                return any("alone" in line for line in lines)

            await eventually(told, message="it is told")
        assert await allowed(limits, 4) == [True, True, True, False]
        assert sum("alone" in line for line in lines) == 1
        cache.broken = False

        async def again() -> bool:
            await limits.hit(Budget.CHANGES, "one")
            return any("together again" in line for line in lines)

        await eventually(again, message="the cache is used again")
    finally:
        logger.remove(sink)
        await limits.close()


@pytest.mark.parametrize("flood", [60_000])
async def test_a_flood_of_callers_takes_bounded_room(flood: int) -> None:
    limits = Limits(SETTINGS, now=Clock())
    assert await allowed(limits, 3) == [True] * 3
    for number in range(flood):
        await limits.hit(Budget.ADDRESS, str(number))
    assert await allowed(limits, 1) == [False], "a flood of addresses makes nobody forget what users asked"
    assert await limits._counts.reset() == 50_001


class ListeningCache(InProcessCache):
    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []

    async def add(self, key: str, amount: int, *, seconds: int) -> int:
        self.told.append(key)
        return await super().add(key, amount, seconds=seconds)


async def test_a_flood_of_callers_does_not_keep_processes_from_hearing_of_users() -> None:
    cache = ListeningCache()
    limits = Limits(SETTINGS, cache, Clock())
    for number in range(2000):
        await limits.hit(Budget.ADDRESS, str(number))
    await limits.hit(Budget.READS, "one")
    await eventually(lambda: len(cache.told) >= 2, message="the cache is told")
    await limits.close()
    assert any("reads" in key for key in cache.told[:2])
