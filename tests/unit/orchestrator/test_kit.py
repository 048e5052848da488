from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.errors import InvalidSpec
from orchestrator.kit.backoff import Backoff
from orchestrator.kit.clock import CONFIRMED, LEEWAY, SteadyClock
from orchestrator.kit.pages import decode_cursor, encode_cursor, instant_of, page_of


@given(st.integers(0, 10_000))
def test_backoff_grows_to_its_limit(failures: int) -> None:
    backoff = Backoff(1, 30)
    assert backoff.delay_seconds(failures) <= backoff.delay_seconds(failures + 1) <= 30
    assert backoff.delay_seconds(0) == 0
    assert [backoff.delay_seconds(count) for count in (1, 2, 3, 6)] == [1, 2, 4, 30]


@given(st.lists(st.text() | st.integers(0, 2**63 - 1), min_size=1, max_size=4))
def test_cursors_survive_the_journey(parts: list[str | int]) -> None:
    assert decode_cursor(encode_cursor(parts), [type(part) for part in parts]) == parts


@given(st.text(max_size=40))
def test_foreign_cursors_are_refused_by_name(cursor: str) -> None:
    with pytest.raises(InvalidSpec) as refused:
        decode_cursor(cursor, [str, str, str, int])
    assert refused.value.params["field"] == "after"


@pytest.mark.parametrize("cursor", [encode_cursor([2**63]), encode_cursor([-1]), encode_cursor(["x"])])
def test_numbers_that_no_database_holds_are_refused(cursor: str) -> None:
    with pytest.raises(InvalidSpec):
        decode_cursor(cursor, [int])


@pytest.mark.parametrize("told", ["yesterday", "2026-11-21T00:00:00"])
def test_times_without_a_zone_are_refused(told: str) -> None:
    with pytest.raises(InvalidSpec):
        instant_of(told)


def test_the_last_page_has_no_next() -> None:
    assert page_of([1, 2], 2, lambda item: (item,)).next is None
    page = page_of([1, 2, 3], 2, lambda item: (item,))
    assert page.items == [1, 2]
    assert page.next == encode_cursor([2])


def test_a_clock_that_is_set_forward_brings_nothing_early_and_one_that_is_set_back_counts() -> None:
    began = datetime(2026, 11, 21, 12, tzinfo=UTC)
    wall, passed = [began], [500.0]
    clock = SteadyClock(lambda: wall[0], lambda: passed[0])
    assert clock() == began
    wall[0], passed[0] = began + timedelta(hours=8, seconds=30), 500.0 + 8 * 3600
    assert clock() == wall[0], "the machine slept; the network's time corrected it a little"
    wall[0] += timedelta(days=1)
    assert clock() == began + timedelta(hours=8) + LEEWAY
    passed[0] += 3600
    assert clock() == began + timedelta(hours=9) + LEEWAY
    wall[0] = began
    assert clock() == began


def test_a_clock_that_was_put_right_counts_once_it_has_stood_for_a_while() -> None:
    began = datetime(1970, 1, 2, tzinfo=UTC)
    wall, passed = [began], [5.0]
    clock = SteadyClock(lambda: wall[0], lambda: passed[0])

    def after(seconds: float) -> datetime:
        wall[0], passed[0] = wall[0] + timedelta(seconds=seconds), passed[0] + seconds
        return clock()

    wall[0] = datetime(2026, 11, 21, 12, tzinfo=UTC)
    assert clock() == began + LEEWAY
    assert after(CONFIRMED.total_seconds() - 1) == began + CONFIRMED - timedelta(seconds=1) + LEEWAY
    assert after(1) == wall[0]
    assert after(60) == wall[0]
