"""The throttle of sign-ins and single-use tickets, by a clock of the test."""

import pytest

from api.auth.subject import Subject
from api.auth.throttle import LoginThrottle
from api.auth.tickets import TicketStore
from orchestrator.errors import TooManyRequests, Unauthenticated


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_waits_grow_to_a_limit_and_are_forgotten() -> None:
    clock = Clock()
    throttle = LoginThrottle(1, 8, clock)
    throttle.begin("10.0.0.1", "admin")
    waits = []
    for _ in range(6):
        with pytest.raises(TooManyRequests) as refused:
            throttle.begin("10.0.0.1", "admin")
        waits.append(refused.value.params["retry_after_seconds"])
        clock.now += waits[-1]
        throttle.begin("10.0.0.1", "admin")
    assert waits == [1, 2, 4, 8, 8, 8]
    clock.now += 1000
    throttle.begin("10.0.0.1", "admin")


def test_nobody_locks_another_out() -> None:
    throttle = LoginThrottle(1, 60, Clock())
    throttle.begin("10.0.0.1", "admin")
    throttle.begin("10.0.0.2", "admin")
    throttle.begin("10.0.0.1", "other")
    with pytest.raises(TooManyRequests):
        throttle.begin("10.0.0.1", "admin")


def test_addresses_of_one_ipv6_host_count_as_one() -> None:
    throttle = LoginThrottle(1, 60, Clock())
    throttle.begin("2001:db8::1", "admin")
    with pytest.raises(TooManyRequests):
        throttle.begin("2001:db8::2", "admin")


def test_a_good_password_forgets_the_failures() -> None:
    throttle = LoginThrottle(1, 60, Clock())
    for _ in range(5):
        throttle.begin("10.0.0.1", "admin")
        throttle.succeeded("10.0.0.1", "admin")


def test_a_ticket_is_good_once_for_one_purpose_and_not_for_long() -> None:
    clock = Clock()
    tickets, subject = TicketStore(30, clock), Subject("user-1", "one", "trader")
    assert tickets.redeem(tickets.issue(subject, "portfolio"), "portfolio") == subject
    used = tickets.issue(subject, "portfolio")
    tickets.redeem(used, "portfolio")
    late = tickets.issue(subject, "portfolio")
    wrong = tickets.issue(subject, "freqtrade")
    for ticket in (used, wrong, "unknown"):
        with pytest.raises(Unauthenticated):
            tickets.redeem(ticket, "portfolio")
    clock.now += 31
    with pytest.raises(Unauthenticated):
        tickets.redeem(late, "portfolio")
