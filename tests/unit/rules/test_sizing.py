"""Sizes of entries."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from pool.contract.policy import Sizing
from pool.rules.sizing import Funds, Stake, stake, stop_distance
from tests.unit.rules.examples import document

FUNDS = Funds(equity=1000.0, allocation=1000.0, proposed=77.0)


def method(name: str, **fields: Any) -> Sizing:
    return TypeAdapter(Sizing).validate_python({"method": name, **fields})


def test_without_a_method_it_is_what_freqtrade_proposes() -> None:
    assert stake(None, FUNDS, rate=10.0).amount == 77.0


def test_fixed_and_percent_of_equity() -> None:
    assert stake(method("fixed", amount=50), FUNDS, rate=10.0).amount == 50.0
    assert stake(method("equity", ratio="0.05"), FUNDS, rate=10.0).amount == 50.0


def test_by_risk_the_stop_loses_the_ratio() -> None:
    found = stake(method("risk", ratio="0.01"), FUNDS, rate=10.0, stop_distance=0.05)

    assert found.amount == pytest.approx(200.0)
    assert "0.01" in found.how


@pytest.mark.parametrize("distance", [None, 0.0, float("nan")])
def test_by_risk_without_a_stop_there_is_no_entry(distance: float | None) -> None:
    found = stake(method("risk", ratio="0.01"), FUNDS, rate=10.0, stop_distance=distance)

    assert (found.amount, found.limit) == (0.0, "sizing")
    assert "hard_stop" in found.how


def test_by_volatility_one_atr_moves_equity_by_the_ratio() -> None:
    found = stake(method("volatility", ratio="0.01"), FUNDS, rate=100.0, leverage=4.0, atr={14: 5.0})

    assert found.amount * 4.0 * 5.0 / 100.0 == pytest.approx(0.01 * FUNDS.equity)
    assert stake(method("volatility", ratio="0.01"), FUNDS, rate=100.0, atr={7: 5.0}).limit == "sizing"


def test_by_kelly() -> None:
    rules = method("kelly", fraction="0.5", cap="0.2", trades=20, least_trades=10)
    even = [0.02, -0.01] * 10

    assert stake(rules, FUNDS, rate=1.0, results=even).amount == pytest.approx(0.5 * (0.5 - 0.5 / 2) * 1000)
    assert stake(rules, FUNDS, rate=1.0, results=[0.02] * 20).amount == pytest.approx(200.0)
    assert stake(rules, FUNDS, rate=1.0, results=even[:9]).amount == pytest.approx(50.0)
    assert stake(rules, FUNDS, rate=1.0, results=[-0.02] * 100 + [0.02] * 20).amount == pytest.approx(200.0)
    losing = stake(rules, FUNDS, rate=1.0, results=[-0.02, 0.01] * 10)
    assert (losing.amount, losing.limit) == (0.0, "sizing")


def test_it_is_cut_to_what_the_bot_may_use_and_to_the_guardrail() -> None:
    fixed = method("fixed", amount=500)

    assert stake(method("equity", ratio="0.5"), Funds(1000.0, 300.0, 0.0), rate=1.0).amount == 300.0
    assert stake(fixed, Funds(1000.0, 900.0, 0.0, max_stake=200.0), rate=1.0).amount == 200.0
    assert stake(None, Funds(1000.0, 900.0, 400.0), rate=1.0, stake_at_most=0.1).amount == 100.0


def test_a_fixed_amount_is_never_all_that_a_bot_has() -> None:
    """Such as 100, meant in USDT, for a bot that trades with one BTC."""
    bitcoin = Funds(equity=1.0, allocation=0.99, proposed=0.1, currency="BTC")

    found = stake(method("fixed", amount=100), bitcoin, rate=0.05)
    assert (found.amount, found.limit) == (0.0, "sizing.amount")
    assert stake(method("fixed", amount=100), bitcoin, rate=0.05, stake_at_most=0.1).amount == 0.0
    assert stake(method("fixed", amount="0.99"), bitcoin, rate=0.05).amount == 0.99


def test_a_fixed_amount_with_a_currency_is_for_bots_of_that_currency() -> None:
    fixed = method("fixed", amount=100, currency="USDT")

    assert stake(fixed, Funds(1000.0, 900.0, 0.0, currency="USDT"), rate=1.0).amount == 100.0
    found = stake(fixed, Funds(1000.0, 900.0, 0.0, currency="BNB"), rate=1.0)
    assert (found.amount, found.limit) == (0.0, "sizing.currency")
    assert "USDT" in found.how
    assert "BNB" in found.how


def test_kelly_that_never_had_trades_enough_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"least_trades\n.*must not be more than trades"):
        method("kelly", trades=10)
    assert method("kelly", trades=10, least_trades=10)


def test_below_the_exchanges_minimum_there_is_no_entry() -> None:
    found = stake(method("fixed", amount=4), Funds(1000.0, 900.0, 0.0, min_stake=5.0), rate=1.0)

    assert found == Stake(0.0, "4 is below the exchange's minimum of 5: 4 fixed.", "sizing")
    guarded = stake(None, Funds(1000.0, 900.0, 400.0, min_stake=5.0), rate=1.0, stake_at_most=0.004)
    assert (guarded.amount, guarded.limit) == (0.0, "guardrails.stake_at_most")
    assert stake(None, Funds(1000.0, 0.0, 400.0), rate=1.0).limit == "allocation"


def test_the_distance_is_that_of_the_tighter_stop() -> None:
    by_ratio = document(hard_stop={"distance": "0.1"})
    by_atr = document(hard_stop={"atr_multiple": "2"})

    assert stop_distance(by_ratio, 100.0) == 0.1
    assert stop_distance(by_ratio, 100.0, strategy_stop=-0.05) == 0.05
    assert stop_distance(by_atr, 100.0, leverage=3.0, atr={14: 2.0}) == pytest.approx(0.12)
    assert stop_distance(by_atr, 100.0) is None
    both = document(hard_stop={"distance": "0.1", "atr_multiple": "2"})
    assert [stop_distance(both, 100.0, atr=atr) for atr in ({14: 2.0}, {14: 9.0}, None)] == [0.04, 0.1, 0.1]
    assert stop_distance(document(), 100.0) is None


AMOUNTS = st.floats(0, 1e9) | st.sampled_from([float("inf"), float("nan")])
RATIOS = st.sampled_from(["0.001", "0.1", "1"])
SIZINGS = st.one_of(
    st.none(),
    st.sampled_from(["0.1", "50", "100000"]).map(lambda amount: method("fixed", amount=amount)),
    RATIOS.map(lambda ratio: method("equity", ratio=ratio)),
    RATIOS.map(lambda ratio: method("risk", ratio=ratio)),
    RATIOS.map(lambda ratio: method("volatility", ratio=ratio)),
    RATIOS.map(lambda cap: method("kelly", fraction=cap, cap=cap)),
)


@given(
    SIZINGS,
    st.builds(Funds, AMOUNTS, AMOUNTS, AMOUNTS, st.none() | AMOUNTS, st.none() | AMOUNTS),
    st.none() | st.floats(0, 2),
    st.none() | st.floats(0, 100).map(lambda value: {14: value}),
    st.lists(st.floats(-1, 1), max_size=60),
    st.none() | st.floats(0.001, 1),
)
def test_it_is_never_beyond_any_bound(
    sizing: Sizing | None,
    funds: Funds,
    distance: float | None,
    atr: dict[int, float] | None,
    results: list[float],
    at_most: float | None,
) -> None:
    found = stake(sizing, funds, rate=100.0, stop_distance=distance, atr=atr, results=results, stake_at_most=at_most)

    assert found.how
    assert (found.amount > 0) == (found.limit == "")
    if found.amount == 0:
        return
    assert found.amount <= funds.allocation
    assert funds.max_stake is None or found.amount <= funds.max_stake
    assert at_most is None or found.amount <= at_most * funds.equity
    assert not funds.min_stake or found.amount >= funds.min_stake
