"""Silence about prices is no."""

from decimal import Decimal

from pool.bot.waking.following import Following
from pool.contract.frames import Quoted


class Clock:
    def __init__(self) -> None:
        self.seconds = 100.0
        self.number = 1
        self.following = Following(lambda: self.number, lambda: self.seconds, lambda: self.seconds)


def test_nothing_is_watched_before_the_agent_says_so_nor_after_its_word_lapsed() -> None:
    clock = Clock()
    assert not clock.following.holds()

    clock.following.told(1, until=105.0)
    assert clock.following.holds()
    assert clock.following.left_seconds() == 5.0
    clock.seconds = 105.0
    assert not clock.following.holds()
    assert clock.following.left_seconds() == 0.0


def test_new_watches_must_be_confirmed_before_a_plain_loop_would_look() -> None:
    clock = Clock()
    clock.following.told(1, until=1000.0)
    assert clock.following.holds()

    clock.number = 2
    assert clock.following.holds()
    clock.seconds += 3.0
    assert not clock.following.holds()
    clock.following.told(2, until=1000.0)
    assert clock.following.holds()


def test_watches_that_change_again_and_again_get_no_more_time_for_that() -> None:
    clock = Clock()
    clock.following.told(1, until=1000.0)
    for _ in range(3):
        clock.number += 1
        assert clock.following.holds()
        clock.seconds += 1.0
    clock.number += 1
    assert not clock.following.holds()

    clock.following.told(3, until=1000.0)
    assert clock.following.holds(), "of what is not confirmed the first is of a second ago"
    assert clock.following.left_seconds() == 2.0
    clock.seconds += 2.0
    assert not clock.following.holds()
    clock.following.told(5, until=1000.0)
    assert clock.following.holds()


def test_a_lost_agent_follows_nothing() -> None:
    clock = Clock()
    clock.following.told(1, until=1000.0)
    clock.following.lost()

    assert not clock.following.holds()


def test_prices_are_as_old_as_when_they_were_asked_for() -> None:
    boot, monotonic = 500.0, 100.0
    following = Following(lambda: 1, lambda: boot, lambda: monotonic)
    assert following.quotes()[0] == {}
    quoted = {"BTCUSDT": Quoted(bid=Decimal(1), ask=Decimal(2))}
    following.told(1, until=504.0, quotes=quoted, seen_at=499.0)
    assert following.quotes() == (quoted, 99.0)
    boot, monotonic = 503.0, 103.0
    assert following.quotes() == (quoted, 99.0)
    following.told(1, until=508.0)
    assert following.quotes()[0] == {}, "an agent that tells none"
    following.told(1, until=508.0, quotes=quoted, seen_at=503.0)
    following.lost()
    assert following.quotes()[0] == {}
