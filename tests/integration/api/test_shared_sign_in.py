"""Tickets and the throttle of sign-ins over Redis, as several processes that serve the API share them."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from loguru import logger
from pydantic import SecretStr

from api.auth.throttle import LoginThrottle
from api.auth.tickets import TicketStore
from orchestrator.errors import RedisUnavailable, TooManyRequests, Unauthenticated
from orchestrator.kit.redis_cache import RedisCache
from tests.fakes.redis_server import RedisServer, redis_server
from tests.fakes.signed_in import KnownSessions, subject_of
from tests.fakes.wire import wire
from tests.support import eventually

SUBJECT = subject_of("user-1")
KNOWN = KnownSessions(SUBJECT)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[RedisServer]:
    async with redis_server(tmp_path) as server:
        yield server


@pytest.fixture
async def caches(server: RedisServer) -> AsyncIterator[list[RedisCache]]:
    """Of two processes of one installation, and one of another."""
    opened = [RedisCache(server.url, prefix) for prefix in ("one:", "one:", "two:")]
    yield opened
    for cache in opened:
        await cache.close()


async def attempts(throttle: LoginThrottle, count: int) -> int:
    """How many of so many attempts passed."""
    passed = 0
    for _ in range(count):
        try:
            await throttle.begin("10.0.0.1", "admin")
            passed += 1
        except TooManyRequests:
            pass
    return passed


async def test_a_ticket_of_one_process_is_good_once_in_another(server: RedisServer, caches: list[RedisCache]) -> None:
    issuing, redeeming, foreign = (TicketStore(30, cache) for cache in caches)
    ticket = await issuing.issue(SUBJECT, "portfolio")
    with pytest.raises(Unauthenticated):
        await foreign.redeem(ticket, "portfolio", KNOWN)
    assert await redeeming.redeem(ticket, "portfolio", KNOWN) == SUBJECT
    for store in (issuing, redeeming):
        with pytest.raises(Unauthenticated):
            await store.redeem(ticket, "portfolio", KNOWN)
    wrong = await issuing.issue(SUBJECT, "freqtrade")
    for _ in range(2):
        with pytest.raises(Unauthenticated):
            await redeeming.redeem(wrong, "portfolio", KNOWN)
    unused = await issuing.issue(SUBJECT, "portfolio")
    async with server.client() as client:
        keys = [key.decode() for key in await client.keys("*")]
        assert keys
        assert not any(unused in key for key in keys)
        assert min([await client.pttl(key) for key in keys]) > 0


async def test_without_redis_tickets_are_refused_quickly_and_work_again(
    server: RedisServer, caches: list[RedisCache]
) -> None:
    store = TicketStore(30, caches[0])
    await store.issue(SUBJECT, "portfolio")
    with server.frozen():
        began = time.monotonic()
        for _ in range(20):
            with pytest.raises(RedisUnavailable):
                await store.issue(SUBJECT, "portfolio")
        assert time.monotonic() - began < 20 * 0.5 / 2, "who comes next is not made to wait as well"
    server.kill()
    with pytest.raises(RedisUnavailable):
        await store.redeem("x", "portfolio", KNOWN)
    await server.start()

    async def issued() -> str | None:
        try:
            return await store.issue(SUBJECT, "portfolio")
        except RedisUnavailable:
            return None

    ticket = await eventually(issued, message="tickets are issued again")
    assert ticket
    assert await store.redeem(ticket, "portfolio", KNOWN) == SUBJECT


async def test_a_full_redis_issues_no_ticket_and_redeems_those_it_has(
    server: RedisServer, caches: list[RedisCache]
) -> None:
    store, throttle = TicketStore(30, caches[0]), LoginThrottle(3, 60, caches[0], lambda: 0.0)
    ticket = await store.issue(SUBJECT, "portfolio")
    assert await attempts(throttle, 2) == 2
    async with server.client() as client:
        await client.config_set("maxmemory", "1")
        with pytest.raises(RedisUnavailable, match="raise its maxmemory"):
            await store.issue(SUBJECT, "portfolio")
        assert await attempts(throttle, 20) == 1, "the gate is not opened anew"
        await throttle.succeeded("10.0.0.1", "admin")
        assert await store.redeem(ticket, "portfolio", KNOWN) == SUBJECT
        await client.config_set("maxmemory", "0")
    assert await store.redeem(await store.issue(SUBJECT, "portfolio"), "portfolio", KNOWN) == SUBJECT


async def test_a_redis_behind_a_cut_wire_is_refused_quickly_and_works_again(server: RedisServer) -> None:
    with wire(server.port) as line:
        cache = RedisCache(SecretStr(line.through(server.url.get_secret_value())), "one:")
        store, throttle = TicketStore(30, cache), LoginThrottle(3, 60, cache, lambda: 0.0)
        await store.issue(SUBJECT, "portfolio")
        with line.cut():
            began = time.monotonic()
            outcomes = await asyncio.gather(
                *(store.issue(SUBJECT, "portfolio") for _ in range(100)), return_exceptions=True
            )
            assert {type(outcome) for outcome in outcomes} == {RedisUnavailable}
            assert await attempts(throttle, 20) == 3
            assert time.monotonic() - began < 20 * 0.5 / 2, "nor one after the other"

        async def issued() -> bool:
            try:
                return bool(await store.issue(SUBJECT, "portfolio"))
            except RedisUnavailable:
                return False

        await eventually(issued, message="tickets are issued again")
        await cache.close()


async def test_failed_sign_ins_count_in_all_processes(caches: list[RedisCache]) -> None:
    one, other, foreign = (LoginThrottle(3, 60, cache, time.monotonic) for cache in caches)
    assert await attempts(one, 2) + await attempts(other, 2) == 3
    assert await attempts(foreign, 1) == 1
    await other.succeeded("10.0.0.1", "admin")
    assert await attempts(one, 1) == 1


async def test_without_redis_each_process_goes_by_what_it_saw(server: RedisServer, caches: list[RedisCache]) -> None:
    told: list[str] = []
    sink = logger.add(told.append, level="WARNING", format="{message}")
    throttle = LoginThrottle(3, 60, caches[0], lambda: 0.0)
    try:
        assert await attempts(throttle, 2) == 2
        server.kill()
        assert await attempts(throttle, 20) == 1, "the gate is not opened anew"
        await throttle.succeeded("10.0.0.1", "admin")
        assert await attempts(throttle, 1) == 1
    finally:
        logger.remove(sink)
    assert len(told) == 1
