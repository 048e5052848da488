"""What another document would change of open trades."""

from dataclasses import replace
from decimal import Decimal

import pytest

from pool.contract.snapshots import OpenTrade, TradeMarks
from pool.rules.position import Close, Marks
from pool.rules.preview import Held, NextLevel, StopState, TradeChange, held_of, preview
from tests.unit.rules.examples import NOW, OPENED, along, document, position


def change(held: Held, old: dict[str, object], new: dict[str, object]) -> TradeChange:
    (found,) = preview([held], document(**old), document(**new), NOW)
    return found


def test_a_stop_before_and_after() -> None:
    found = change(
        Held(1, "BTC/USDT", position(), Marks(), 104.0, own_stop_rate=80.0),
        {},
        {"hard_stop": {"distance": "0.05"}},
    )

    assert found.stop_before == StopState(80.0, None, -0.2)
    assert found.stop_after == StopState(95.0, "hard_stop", -0.05)
    assert found.changed
    assert not found.fires_at_once


def test_a_stop_that_would_fire_at_once_is_told() -> None:
    found = change(Held(1, "BTC/USDT", position(), Marks(), 94.0), {}, {"hard_stop": {"distance": "0.05"}})

    assert found.closes_at_once == Close("hard_stop", None, 95.0)
    assert found.fires_at_once


def test_what_happens_anyhow_is_no_change() -> None:
    rules = {"hard_stop": {"distance": "0.05"}}
    found = change(Held(1, "BTC/USDT", position(), Marks(), 94.0), rules, rules)

    assert not found.fires_at_once
    assert not found.changed


def test_what_closes_more_than_would_be_closed_anyhow_is_told() -> None:
    quarter = {"take_profit": {"levels": [{"profit": "0.02", "fraction": "0.25"}]}}
    half = {"take_profit": {"levels": [{"profit": "0.02", "fraction": "0.5"}]}}
    held = Held(1, "BTC/USDT", position(), Marks(), 103.0)

    assert change(held, quarter, half).fires_at_once
    assert not change(held, half, quarter).fires_at_once


def test_the_next_levels() -> None:
    ladder = {"levels": [{"profit": "0.02", "fraction": "0.25"}, {"profit": "0.05", "fraction": "0.5"}]}
    found = change(Held(1, "BTC/USDT", position(), Marks(), 103.0), {}, {"take_profit": ladder})

    assert found.closes_at_once == Close("take_profit", 0.25, pytest.approx(102.0), 1)
    assert found.next_before is None
    assert found.next_after == NextLevel(2, pytest.approx(105.0), 0.05, pytest.approx(0.5))


def test_a_dropped_rule_leaves_the_stop_that_freqtrade_has() -> None:
    rules = {"trailing_stop": {"distance": "0.02"}}
    marks = along(position(), document(**rules), 110.0).marks
    found = change(Held(1, "BTC/USDT", position(), marks, 109.0, own_stop_rate=107.8), rules, {})

    assert found.stop_before.rule == "trailing_stop"
    assert found.stop_after == StopState(107.8, None, pytest.approx(0.078))


def test_a_rule_that_needs_an_atr_is_blind() -> None:
    held = Held(1, "BTC/USDT", position(), Marks(), 100.0)
    rules = document(hard_stop={"atr_multiple": "2"})

    (found,) = preview([held], document(), rules, NOW)
    assert (found.blind, found.newly_blind) == (("hard_stop",), ("hard_stop",))
    assert preview([held], rules, rules, NOW)[0].newly_blind == ()
    assert preview([replace(held, atr={20: 3.0})], document(), rules, NOW)[0].blind == ("hard_stop",)


def test_a_rule_goes_by_the_atr_that_the_bot_told() -> None:
    held = Held(1, "BTC/USDT", position(), Marks(), 100.0, atr={14: 3.0})

    (found,) = preview([held], document(), document(hard_stop={"atr_multiple": "2"}), NOW)
    assert (found.blind, found.stop_after.rate, found.fires_at_once) == ((), 94.0, False)
    (found,) = preview([replace(held, rate=93.0)], document(), document(hard_stop={"atr_multiple": "2"}), NOW)
    assert found.fires_at_once


def test_a_trade_as_its_bot_told_it() -> None:
    told = OpenTrade(
        trade_id=7,
        pair="BTC/USDT:USDT",
        base_currency="BTC",
        is_short=True,
        amount=Decimal("0.75"),
        stake_amount=Decimal(30),
        open_rate=Decimal(100),
        current_rate=Decimal(97),
        stop_rate=Decimal(120),
        profit_abs=Decimal(0),
        profit_ratio=Decimal(0),
        realised_abs=Decimal(0),
        value_stake=Decimal(0),
        opened_at=OPENED,
        has_open_orders=False,
        entry_tag=None,
        leverage=Decimal(2),
        amount_entered=Decimal(1),
        ladder_closed=Decimal("0.25"),
        atr={14: Decimal("1.5")},
        marks=TradeMarks(
            best_rate=Decimal(96),
            stop_rate=Decimal(99),
            stop_rule="trailing_stop",
            trailing_rate=Decimal(99),
            best_open_rate=Decimal(100),
        ),
    )

    held = held_of(OpenTrade.model_validate_json(told.model_dump_json()))
    assert held is not None
    assert held.position == position(is_short=True, amount=0.75, leverage=2.0, ladder_closed=0.25)
    assert held.marks == Marks(96.0, 99.0, "trailing_stop", trailing_rate=99.0, best_open_rate=100.0)
    assert (held.rate, held.own_stop_rate, held.atr) == (97.0, 120.0, {14: 1.5})
    assert held_of(told.model_copy(update={"amount": Decimal(0)})) is None
