"""The throttle of sign-ins and single-use tickets, by a clock of the test."""

import pytest

from api.auth.subject import Subject
from api.auth.throttle import LoginThrottle
from api.auth.tickets import TicketStore
from orchestrator.errors import TooManyRequests, Unauthenticated
from orchestrator.kit.cache import InProcessCache


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def throttle_of(free_attempts: int, wait_limit_seconds: float) -> LoginThrottle:
    clock = Clock()
    return LoginThrottle(free_attempts, wait_limit_seconds, InProcessCache(clock), clock)


async def test_waits_grow_to_a_limit_and_are_forgotten() -> None:
    clock = Clock()
    throttle = LoginThrottle(1, 8, InProcessCache(clock), clock)
    await throttle.begin("10.0.0.1", "admin")
    waits = []
    for _ in range(6):
        with pytest.raises(TooManyRequests) as refused:
            await throttle.begin("10.0.0.1", "admin")
        waits.append(refused.value.params["retry_after_seconds"])
        clock.now += waits[-1]
        await throttle.begin("10.0.0.1", "admin")
    assert waits == [1, 2, 4, 8, 8, 8]
    clock.now += 1000
    await throttle.begin("10.0.0.1", "admin")


async def test_nobody_locks_another_out() -> None:
    throttle = throttle_of(1, 60)
    await throttle.begin("10.0.0.1", "admin")
    await throttle.begin("10.0.0.2", "admin")
    await throttle.begin("10.0.0.1", "other")
    with pytest.raises(TooManyRequests):
        await throttle.begin("10.0.0.1", "admin")


async def test_addresses_of_one_ipv6_host_count_as_one() -> None:
    throttle = throttle_of(1, 60)
    await throttle.begin("2001:db8::1", "admin")
    with pytest.raises(TooManyRequests):
        await throttle.begin("2001:db8::2", "admin")


async def test_a_good_password_forgets_the_failures() -> None:
    throttle = throttle_of(1, 60)
    for _ in range(5):
        await throttle.begin("10.0.0.1", "admin")
        await throttle.succeeded("10.0.0.1", "admin")


async def test_a_ticket_is_good_once_for_one_purpose_and_not_for_long() -> None:
    clock = Clock()
    tickets, subject = TicketStore(30, InProcessCache(clock)), Subject("user-1", "one", "trader")
    assert await tickets.redeem(await tickets.issue(subject, "portfolio"), "portfolio") == subject
    used = await tickets.issue(subject, "portfolio")
    await tickets.redeem(used, "portfolio")
    late = await tickets.issue(subject, "portfolio")
    wrong = await tickets.issue(subject, "freqtrade")
    for ticket in (used, wrong, "unknown"):
        with pytest.raises(Unauthenticated):
            await tickets.redeem(ticket, "portfolio")
    clock.now += 31
    with pytest.raises(Unauthenticated):
        await tickets.redeem(late, "portfolio")
