"""Wilder's average true range."""

import math
from itertools import pairwise

import numpy as np
import pytest
import talib
from hypothesis import given
from hypothesis import strategies as st

from pool.rules.indicators import WINDOW, atr


def candles(count: int, seed: int = 7) -> tuple[list[float], list[float], list[float]]:
    noise = np.random.default_rng(seed)
    closes = 100 * np.exp(np.cumsum(noise.normal(0, 0.01, count)))
    highs = closes * (1 + noise.uniform(0, 0.01, count))
    lows = closes * (1 - noise.uniform(0, 0.01, count))
    return list(highs), list(lows), list(closes)


@pytest.mark.parametrize("period", [2, 5, 14, 50])
def test_it_is_that_of_ta_lib(period: int) -> None:
    highs, lows, closes = candles(WINDOW * period + 1)

    found = talib.ATR(np.array(highs), np.array(lows), np.array(closes), timeperiod=period)[-1]
    assert atr(highs, lows, closes, period) == pytest.approx(found, rel=1e-9)


def test_what_its_window_leaves_out_hardly_weighs() -> None:
    highs, lows, closes = candles(3000)

    found = talib.ATR(np.array(highs), np.array(lows), np.array(closes), timeperiod=14)[-1]
    assert atr(highs, lows, closes, 14) == pytest.approx(found, rel=1e-3)


def test_a_gap_is_part_of_the_range() -> None:
    assert atr([10, 20, 20], [10, 20, 20], [10, 20, 20], 2) == 5.0


def test_too_few_candles_give_none() -> None:
    assert atr([1.0] * 14, [1.0] * 14, [1.0] * 14, 14) is None
    assert atr([], [], [], 14) is None


@pytest.mark.parametrize("column", range(3))
@pytest.mark.parametrize("back", [1, 3, 30])
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_broken_candle_gives_none(column: int, back: int, value: float) -> None:
    found = candles(40)
    found[column][-back] = value

    assert atr(*found, 14) is None


@given(st.lists(st.floats(1, 1000), min_size=3, max_size=40))
def test_it_lies_within_the_ranges_seen(closes: list[float]) -> None:
    found = atr(closes, closes, closes, 2)

    moves = [abs(after - before) for before, after in pairwise(closes)]
    assert found is not None
    assert min(moves) - 1e-9 <= found <= max(moves) + 1e-9
