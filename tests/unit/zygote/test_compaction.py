"""Code is copied with all that runs in it, and functions still do what they did."""

import sys
from types import CodeType

import pytest

from pool.zygote import compaction


def outer(factor: int) -> list[int]:
    """Has code inside its code."""

    def inner(value: int) -> int:
        return value * factor

    return [inner(value) for value in range(5)]


def generator() -> object:
    yield from outer(3)


class Thing:
    def method(self, *, word: str = "w") -> str:
        return word * 2


def test_what_ran_is_observed_once_and_nothing_afterwards() -> None:
    hot: set[CodeType] = set()
    with compaction.observed(hot):
        outer(2)
    assert (outer.__code__ in hot) is (sys.version_info >= (3, 12)), "nothing is observed before CPython 3.12"
    assert Thing.method.__code__ not in hot
    seen = len(hot)
    Thing().method()
    assert len(hot) == seen


def test_wanted_code_and_what_holds_it_is_copied_and_the_rest_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compaction.heap, "plug", lambda: 0)
    inner = next(constant for constant in outer.__code__.co_consts if isinstance(constant, CodeType))
    before = {function: function.__code__ for function in (outer, generator, Thing.method, compaction.compact)}
    hot = {inner, generator.__code__, Thing.method.__code__}
    assert compaction.compact(hot) >= 4
    assert hot == set()
    for function, code in before.items():
        moved = function.__code__ is not code
        assert moved is (function is not compaction.compact), function
        assert function.__code__ == code or function is outer
        assert function.__code__.co_positions is not None
    assert inner not in [constant for constant in outer.__code__.co_consts if constant is inner]
    assert outer(2) == [0, 2, 4, 6, 8]
    assert list(generator()) == [0, 3, 6, 9, 12]  # type: ignore[call-overload]
    assert Thing().method(word="a") == "aa"
