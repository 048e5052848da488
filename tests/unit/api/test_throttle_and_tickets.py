"""The throttle of sign-ins and single-use tickets, by a clock of the test."""

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta

import pytest

from api.auth import challenges as challenges_module
from api.auth.challenges import Challenges
from api.auth.naming import Naming
from api.auth.refusals import Refusals
from api.auth.throttle import CodeThrottle, ElsewhereThrottle, LoginThrottle
from api.auth.tickets import TicketStore
from orchestrator.errors import TooManyRequests, Unauthenticated
from orchestrator.kit.cache import InProcessCache
from tests.fakes.signed_in import KnownSessions, subject_of


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
    tickets, subject = TicketStore(30, InProcessCache(clock)), subject_of("user-1")
    known = KnownSessions(subject)
    assert await tickets.redeem(await tickets.issue(subject, "portfolio"), "portfolio", known) == subject
    used = await tickets.issue(subject, "portfolio")
    await tickets.redeem(used, "portfolio", known)
    late = await tickets.issue(subject, "portfolio")
    wrong = await tickets.issue(subject, "freqtrade")
    for ticket in (used, wrong, "unknown"):
        with pytest.raises(Unauthenticated):
            await tickets.redeem(ticket, "portfolio", known)
    clock.now += 31
    with pytest.raises(Unauthenticated):
        await tickets.redeem(late, "portfolio", known)


async def test_codes_cannot_be_tried_without_end_from_many_addresses_and_nobody_is_locked_out() -> None:
    clock = Clock()
    throttle = CodeThrottle(InProcessCache(clock), clock)
    home = "192.0.2.7"
    for number in range(30):
        await throttle.begin(f"10.0.{number}.1", "user-1", [home])
    for number in range(30, 60):
        with pytest.raises(TooManyRequests, match="recovery code"):
            await throttle.begin(f"10.0.{number}.1", "user-1", [home])
    await throttle.begin(home, "user-1", [home])
    await throttle.begin("10.0.0.1", "user-2", [])
    for _ in range(4):
        await throttle.begin(home, "user-1", [home])
    with pytest.raises(TooManyRequests):
        await throttle.begin(home, "user-1", [home])
    clock.now += 86_401
    await throttle.begin("10.0.0.1", "user-1", [home])


async def first_tries(elsewhere: ElsewhereThrottle, *places: str) -> None:
    """Those of the day, which are taken whatever others do."""
    for place in places:
        await elsewhere.begin(place, "admin", [])


async def test_many_addresses_guess_no_faster_than_one_and_lock_nobody_out() -> None:
    clock = Clock()
    elsewhere, home = ElsewhereThrottle(InProcessCache(clock), clock), "192.0.2.7"
    await first_tries(elsewhere, "2001:db8:1:7::1", *(f"10.1.{number}.1" for number in range(3)))
    for number in range(50):
        await elsewhere.begin(f"2001:db8:1:{number:x}::1", "admin", [home])
    with pytest.raises(TooManyRequests):
        await elsewhere.begin("2001:db8:1:ffff::1", "admin", [home])
    for number in range(50):
        await elsewhere.begin(f"10.0.{number}.1", "admin", [home])
        with pytest.raises(TooManyRequests, match="new addresses"):
            await elsewhere.begin(f"10.0.{number}.1", "admin", [home])
    await elsewhere.begin(home, "admin", [home])
    await elsewhere.begin("2001:db8:1:7::1", "admin", ["2001:db8:1:7::2"])
    await elsewhere.begin("10.0.0.1", "other", [])
    guesses = 0
    for _ in range(1_440):
        clock.now += 60
        for number in range(3):
            with contextlib.suppress(TooManyRequests):
                await elsewhere.begin(f"10.1.{number}.1", "admin", [home])
                guesses += 1
    assert guesses <= 1_440 + 3, "a day of it"
    clock.now += 3_601
    await elsewhere.begin("10.0.0.1", "admin", [home])


async def test_one_subscriber_does_not_take_every_turn_at_an_account() -> None:
    clock = Clock()
    elsewhere = ElsewhereThrottle(InProcessCache(clock), clock)
    await first_tries(elsewhere, "10.0.0.1", "2001:db8:1:1::1", "192.0.2.1")
    for _ in range(57):
        clock.now += 60
        await elsewhere.begin("10.0.0.1", "admin", [])
    for number in range(59):
        clock.now += 1
        with pytest.raises(TooManyRequests):
            await elsewhere.begin(f"2001:db8:1:{number:x}::1", "admin", [])
    clock.now += 1
    with pytest.raises(TooManyRequests):
        await elsewhere.begin("2001:db8:1:ffff::1", "admin", [])
    await elsewhere.begin("192.0.2.1", "admin", [])


async def test_a_flood_of_names_does_not_begin_an_accounts_count_anew() -> None:
    clock = Clock()
    cache = InProcessCache(clock)
    elsewhere, throttle = ElsewhereThrottle(cache, clock), LoginThrottle(10, 60, cache, clock)
    await first_tries(elsewhere, "10.0.0.1", "10.2.0.1")
    for _ in range(50):
        await elsewhere.begin("10.0.0.1", "admin", [])
    for number in range(10_001):
        await throttle.begin("10.0.0.1", f"name-{number}")
    with pytest.raises(TooManyRequests):
        await elsewhere.begin("10.2.0.1", "admin", [])


async def test_which_refused_sign_ins_get_a_line() -> None:
    clock = Clock()
    refusals = Refusals(InProcessCache(clock))
    told = [await refusals.count(f"10.{number % 250}.0.1", "admin") for number in range(1_001)]
    assert [count for count in told if count is not None] == [1, 10, 100, 1000]
    lines = [await refusals.count(f"2001:db8:1:{number:x}::1", f"name-{number}") for number in range(1_000)]
    assert len([count for count in lines if count is not None]) == 10, "whoever tries many names fills no audit"
    told = [await refusals.count("2001:db8:1::1", "ann") for _ in range(100)]
    assert [count for count in told if count is not None] == [100], "nor does he hide an attack behind them"


async def test_thirty_users_may_be_named_in_vain_also_at_once_and_those_who_are_here_cost_nothing() -> None:
    clock, looked = Clock(), 0
    naming = Naming(InProcessCache(clock))

    async def name(*, there: bool) -> None:
        nonlocal looked
        async with naming.counted("user-1"):
            looked += 1
            await asyncio.sleep(0)
            if not there:
                raise LookupError

    for _ in range(100):
        await name(there=True)
    looked = 0
    outcomes = await asyncio.gather(*(name(there=False) for _ in range(100)), return_exceptions=True)
    assert looked == 30
    assert [type(one) for one in outcomes].count(TooManyRequests) == 70
    with pytest.raises(TooManyRequests):
        await name(there=True)
    async with naming.counted("user-2"):
        pass
    clock.now += 86_401
    await name(there=True)


async def test_a_challenge_is_good_once_for_its_purpose_and_not_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, now = Clock(), datetime(2026, 11, 21, tzinfo=UTC)
    monkeypatch.setattr(challenges_module, "utc_now", lambda: now + timedelta(seconds=clock.now))
    challenges = Challenges(InProcessCache(clock))
    one = await challenges.issue("second-factor", "user-1", user="user-1")
    assert await challenges.take(one, "passkey-sign-in") is None
    told = await challenges.take(one, "second-factor")
    assert told is not None
    assert told["user"] == "user-1"
    assert await challenges.take(one, "second-factor") is None
    await challenges.put_back(one, "second-factor", told)
    clock.now += 299
    assert await challenges.take(one, "second-factor") is not None
    await challenges.put_back(one, "second-factor", told)
    clock.now += 2
    assert await challenges.take(one, "second-factor") is None, "being put back makes it live no longer"
    await challenges.put_back(one, "second-factor", told)
    assert await challenges.take(one, "second-factor") is None
