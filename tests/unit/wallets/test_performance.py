"""Returns: the text books' cases, and what must hold of any flows."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.kit.money import add
from orchestrator.wallets.performance import Flow, Reading, returns_of, total
from tests.unit.wallets.facts import START

YEAR = timedelta(days=365)


def flow(days: float, amount: str | int) -> Flow:
    return Flow(START + timedelta(days=days), Decimal(amount))


def reading(days: float, profit: str | int) -> Reading:
    return Reading(START + timedelta(days=days), Decimal(profit))


def test_without_flows_in_between_both_are_the_growth() -> None:
    found = returns_of([flow(0, 1000)], [reading(100, 50), reading(365, 100)], START + YEAR)
    assert found.money_weighted == found.time_weighted == Decimal("0.1")
    assert found.money_weighted_yearly == found.time_weighted_yearly == Decimal("0.1")
    assert (found.invested, found.value, found.profit, found.since) == (1000, 1100, 100, START)


def test_money_that_came_before_a_loss_weighs_more() -> None:
    """1000 doubles in the first half; then 2000 more come, and all loses half: time says nothing was won or lost."""
    found = returns_of([flow(0, 1000), flow(182.5, 2000)], [reading(182.4, 1000), reading(365, -1000)], START + YEAR)
    assert found.time_weighted == 0
    # 1000 g + 2000 sqrt(g) = 2000: sqrt(g) = sqrt(3) - 1
    assert found.money_weighted is not None
    assert float(found.money_weighted) == pytest.approx((3**0.5 - 1) ** 2 - 1, abs=1e-7)


def test_two_years_are_told_per_year_and_a_month_is_not() -> None:
    found = returns_of([flow(0, 100)], [reading(700, 21)], START + 2 * YEAR)
    assert (found.time_weighted, found.time_weighted_yearly) == (Decimal("0.21"), Decimal("0.1"))
    assert found.money_weighted_yearly == Decimal("0.1")
    month = returns_of([flow(0, 100)], [reading(20, 1)], START + timedelta(days=30))
    assert (month.time_weighted, month.time_weighted_yearly) == (Decimal("0.01"), None)


def test_all_lost_and_nothing_there() -> None:
    lost = returns_of([flow(0, 100)], [reading(1, -100)], START + YEAR)
    assert (lost.time_weighted, lost.money_weighted) == (-1, -1)
    nothing = returns_of([], [], START)
    assert (nothing.since, nothing.value, nothing.time_weighted, nothing.money_weighted) == (None, 0, None, None)
    more = returns_of([flow(0, 100), flow(10, 100)], [reading(1, -100), reading(20, -50)], START + YEAR)
    assert more.time_weighted == Decimal("-1")  # what was there all the time is gone, whatever came later
    assert more.money_weighted is not None


def test_what_was_taken_out_for_a_while_counts_for_when_it_was_there() -> None:
    flows = [flow(0, 100), flow(10, -100), flow(20, 100)]
    found = returns_of(flows, [reading(25, 10)], START + timedelta(days=30))
    assert found.time_weighted == Decimal("0.1")
    for_good = returns_of([flow(0, 100), flow(10, -110)], [reading(10, 10)], START + timedelta(days=30))
    assert (for_good.value, for_good.time_weighted) == (0, Decimal("0.1"))
    owed = returns_of([flow(0, 100), flow(10, -110)], [reading(10, 10), reading(20, -5)], START + timedelta(days=30))
    assert owed.time_weighted is None


def test_profits_of_several_add_up_over_time() -> None:
    one, two = [reading(1, 5), reading(3, 7)], [reading(2, 10), reading(3, -1)]
    assert [(item.at, item.profit) for item in total([one, two])] == [
        (reading(1, 0).at, 5), (reading(2, 0).at, 15), (reading(3, 0).at, 6),
    ]  # fmt: skip


@given(
    st.lists(st.tuples(st.integers(1, 10**6), st.integers(0, 299)), min_size=1, max_size=6),
    st.floats(0.5, 3.0),
)
def test_money_that_grows_at_one_rate_has_that_rate_however_it_came(puts: list[tuple[int, int]], growth: float) -> None:
    puts = [(puts[0][0], 0), *puts[1:]]
    end = START + timedelta(days=300)
    flows = [flow(day, amount) for amount, day in puts]
    invested = add(one.amount for one in flows)
    value = sum(amount * growth ** ((300 - day) / 300) for amount, day in puts)
    found = returns_of(flows, [Reading(end, Decimal(value) - invested)], end)
    assert found.money_weighted is not None
    assert float(found.money_weighted) == pytest.approx(growth - 1, abs=1e-6)
