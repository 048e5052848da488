from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.errors import InvalidSpec
from orchestrator.kit.backoff import Backoff
from orchestrator.kit.leases import Lease, renew, take
from orchestrator.kit.pages import decode_cursor, encode_cursor, instant_of, page_of

NOW = datetime(2026, 11, 21, tzinfo=UTC)


@given(st.integers(0, 10_000))
def test_backoff_grows_to_its_limit(failures: int) -> None:
    backoff = Backoff(1, 30)
    assert backoff.delay_seconds(failures) <= backoff.delay_seconds(failures + 1) <= 30
    assert backoff.delay_seconds(0) == 0
    assert [backoff.delay_seconds(count) for count in (1, 2, 3, 6)] == [1, 2, 4, 30]


def test_a_lease_is_taken_renewed_and_lost() -> None:
    first = take(None, "l", "a", NOW, 10)
    assert first == Lease("l", "a", 1, NOW + timedelta(seconds=10))
    assert take(first, "l", "b", NOW, 10) is None
    assert take(first, "l", "a", NOW, 10) == Lease("l", "a", 2, NOW + timedelta(seconds=10)), "its own former self"
    taken_over = take(first, "l", "b", NOW + timedelta(seconds=10), 10)
    assert taken_over is not None
    assert taken_over.epoch == 2
    assert renew(taken_over, first, NOW, 10) is None
    assert renew(first, first, NOW, 20) == Lease("l", "a", 1, NOW + timedelta(seconds=20))
    assert not first.held_by("a", 1, NOW + timedelta(seconds=10))


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
