"""Series that keep what comparing takes say just what the textbook's formula does."""

import random

import pytest

from pool.rules.correlation import LEAST_RETURNS, Series, correlation, pearson


def series(seed: int, times: range) -> dict[int, float]:
    chance = random.Random(seed)
    return {time: chance.gauss(0, 0.01) for time in times}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (range(100), range(100)),
        (range(100), range(20, 120)),
        (range(LEAST_RETURNS), range(LEAST_RETURNS)),
        (range(LEAST_RETURNS - 1), range(LEAST_RETURNS - 1)),
        (range(100), range(200, 300)),
    ],
)
def test_it_is_pearsons(one: range, other: range) -> None:
    for seed in range(20):
        first, second = series(seed, one), series(seed + 1000, other)
        second |= {time: second[time] + first[time] for time in second.keys() & first.keys()}
        expected = pearson(first, second)
        found = correlation(Series(first), Series(second))
        assert (found is None) is (expected is None)
        assert found == pytest.approx(expected)


def test_a_price_that_does_not_move_correlates_with_nothing_known() -> None:
    assert correlation(Series(dict.fromkeys(range(50), 0.0)), Series(series(1, range(50)))) is None
