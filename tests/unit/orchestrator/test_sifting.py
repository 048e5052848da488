"""What is written when something among it cannot be."""

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy.exc import DataError, OperationalError, StatementError

from orchestrator.db.sifting import is_about_data, sift


class Store:
    """Takes numbers, none of them negative."""

    def __init__(self) -> None:
        self.written: list[int] = []
        self.tries = 0

    async def write(self, items: Sequence[int]) -> None:
        self.tries += 1
        if any(item < 0 for item in items):
            raise OverflowError
        self.written += items


@pytest.mark.parametrize("bad", [set(), {0}, {99}, {17, 18, 63}, set(range(100))])
async def test_all_but_the_refused_are_written_in_their_order(bad: set[int]) -> None:
    store = Store()
    items = [-1 - item if item in bad else item for item in range(100)]
    refused = await sift(items, store.write)
    assert store.written == [item for item in items if item >= 0]
    assert [item for item, _ in refused] == [item for item in items if item < 0]
    assert all(isinstance(error, OverflowError) for _, error in refused)
    assert store.tries <= 1 + len(bad) * 14


async def test_nothing_is_written_of_nothing() -> None:
    store = Store()
    assert await sift([], store.write) == []
    assert store.tries == 0


async def test_an_outage_is_no_refusal() -> None:
    async def write(_: Sequence[Any]) -> None:
        raise OperationalError("INSERT", {}, Exception("away"))

    with pytest.raises(OperationalError):
        await sift([1, 2], write)


def test_the_values_are_to_blame_or_not() -> None:
    assert is_about_data(DataError("INSERT", {}, Exception("out of range")))
    assert is_about_data(StatementError("bind", "INSERT", {}, OverflowError()))
    assert not is_about_data(StatementError("lost", "INSERT", {}, OSError()))
    assert not is_about_data(OSError("disk full"))
