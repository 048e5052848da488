"""Silence about prices is no."""

from pool.bot.waking.following import Following


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
