"""Crossed stops go first, and nobody can make all that he asks one of them."""

from pool.exchange.gateway import urgency
from pool.exchange.gateway.urgency import Urgency


def test_many_stops_are_crossed_at_once() -> None:
    one = Urgency()
    assert all(one.take("10.0.0.1", 100.0) for _ in range(int(urgency.MOST_AT_ONCE)))


def test_who_claims_it_always_is_believed_so_often_and_others_as_before() -> None:
    one = Urgency()
    taken = sum(one.take("10.0.0.1", 100.0 + step / 100) for step in range(6_000))
    assert urgency.PER_SECOND * 59 <= taken <= urgency.PER_SECOND * 60 + urgency.MOST_AT_ONCE
    assert one.take("10.0.0.2", 160.0)


def test_a_clock_that_stands_still_or_goes_back_gives_nothing() -> None:
    one = Urgency()
    for _ in range(int(urgency.MOST_AT_ONCE)):
        one.take("10.0.0.1", 100.0)
    assert not one.take("10.0.0.1", 90.0)
