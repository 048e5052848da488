"""This machine's clocks and the exchange's."""

from email.utils import formatdate

import pytest

from pool.contract.freshness import Moment
from pool.exchange.gateway.clocks import Clock, Skew

START_MS = 1_772_625_600_000


class Hands:
    """Clocks that a test sets."""

    def __init__(self) -> None:
        self.steady = 50.0
        self.wall_ms = START_MS
        self.clock = Clock(lambda: self.steady, lambda: self.wall_ms)

    def on(self, seconds: float, jump_ms: int = 0) -> Moment:
        self.steady += seconds
        self.wall_ms += int(seconds * 1000) + jump_ms
        return self.clock.now()


def test_time_that_passes_is_no_jump_and_a_clock_that_is_slewed_neither() -> None:
    hands = Hands()
    assert [hands.on(100, jump).jumps for jump in (0, 900, 900, -900, 1000)] == [0] * 5


@pytest.mark.parametrize("jump", [1_001, -1_001, 86_400_000])
def test_a_clock_that_is_set_is_noticed_once(jump: int) -> None:
    hands = Hands()
    assert [hands.on(1, by).jumps for by in (0, jump, 0, -jump)] == [0, 1, 1, 2]


def answer(skew: Skew, hands: Hands, exchange_ahead_ms: int, took: float = 0.1) -> Moment:
    """An exchange answers half-way through, telling whole seconds as they do."""
    asked = hands.on(1)
    hands.on(took / 2)
    date = formatdate((hands.wall_ms + exchange_ahead_ms) // 1000, usegmt=True)
    received = hands.on(took / 2)
    skew.told(date, asked, received)
    return received


@pytest.mark.parametrize("ahead", [0, 700, -700, 1_400, -1_400])
def test_small_differences_are_not_reckoned_with(ahead: int) -> None:
    skew, hands = Skew(), Hands()
    assert skew.milliseconds() is None
    for _ in range(20):
        now = answer(skew, hands, ahead)
        assert skew.applied(now) == 0


@pytest.mark.parametrize("ahead", [4_000, -4_000, 90_000])
def test_answers_narrow_the_estimate(ahead: int) -> None:
    skew, hands = Skew(), Hands()
    for number in range(20):
        now = answer(skew, hands, ahead)
        hands.on(0.13 * number)
    assert skew.milliseconds() == pytest.approx(ahead, abs=200)
    assert skew.applied(now) == skew.milliseconds()


def test_one_answer_that_is_off_changes_nothing_and_three_do() -> None:
    skew, hands = Skew(), Hands()
    answer(skew, hands, 0)
    for count in (1, 2):
        now = answer(skew, hands, 30_000)
        assert skew.applied(now) == 0, count
    answer(skew, hands, 0)
    for _ in range(3):
        now = answer(skew, hands, 30_000)
    assert skew.applied(now) == pytest.approx(30_000, abs=1_100)


def test_a_jump_of_our_clock_forgets_what_was_known() -> None:
    skew, hands = Skew(), Hands()
    answer(skew, hands, 5_000)
    now = hands.on(1, jump_ms=5_000)
    assert skew.applied(now) == 0
    assert skew.applied(answer(skew, hands, 0)) == 0
    before = hands.on(0)
    after = hands.on(1, jump_ms=-60_000)
    skew.told(formatdate(hands.wall_ms / 1000, usegmt=True), before, after)
    assert skew.applied(answer(skew, hands, 60_000)) == pytest.approx(60_000, abs=1_100)


def test_an_estimate_ages() -> None:
    skew, hands = Skew(), Hands()
    answer(skew, hands, 0)
    hands.on(601)
    assert skew.applied(answer(skew, hands, 9_000)) == pytest.approx(9_000, abs=1_100)


@pytest.mark.parametrize("date", [None, "", "yesterday", "Wed, 99 Mar 2026 12:00:00 GMT"])
def test_what_is_no_date_says_nothing(date: str | None) -> None:
    skew, hands = Skew(), Hands()
    skew.told(date, hands.on(0), hands.on(0))
    assert skew.milliseconds() is None


@pytest.mark.parametrize(
    "text", ["", "now", "Mon, 99999999999999999999 Jan 2026 00:00:00 GMT", "Mon, 01 Jan 2026 00:00:00 +99999999999999"]
)
def test_a_date_that_is_none_tells_nothing(text: str) -> None:
    hands, skew = Hands(), Skew()
    skew.told(text, hands.on(0), hands.on(0.1))
    assert skew.milliseconds() is None
