"""Levels of open trades: what the bot told as it told it, the rest by the document, what nobody told not at all."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from orchestrator.portfolio.levels import Levels, levels_of
from pool.contract.policy import PolicyDocument
from pool.contract.snapshots import TradeMarks
from tests.unit.portfolio.builders import NOW, trade

LADDER = {"levels": [{"profit": "0.02", "fraction": "0.5"}, {"profit": "0.04", "fraction": "0.25"}, {"profit": "0.1"}]}
EVERYTHING: dict[str, Any] = {
    "take_profit": LADDER,
    "trailing_stop": {"distance": "0.02", "activation": "0.03"},
    "break_even": {"trigger": "0.01", "offset": "0.002"},
    "hard_stop": {"distance": "0.1"},
    "time_exit": {"after_minutes": 90, "only_below_profit": "0.005"},
}
D = Decimal


def told(document: dict[str, Any] | None = None, *, enforced: bool = True, **changes: Any) -> Levels:
    """Of a long of 10 that was opened at 100 without fees, of which all entries are told."""
    values = {"amount": "10", "rate": "101", "open_rate": D(100), "amount_entered": D(10)} | changes
    levels = levels_of(trade(**values), PolicyDocument.model_validate(document or EVERYTHING), enforced=enforced)
    assert levels is not None
    return levels


def test_a_trade_that_the_rules_have_not_looked_at_yet_has_what_the_document_says_and_nothing_else() -> None:
    levels = told()
    assert (levels.stop, levels.own_stop, levels.universal_stop, levels.hard_stop_rate) == (None, None, None, None)
    assert levels.hard_stop
    assert [(one.number, one.rate, one.amount, one.done) for one in levels.ladder] == [
        (1, D(102), D(5), False), (2, D(104), D("2.5"), False), (3, D(110), D("2.5"), False),
    ]  # fmt: skip
    assert [one.fraction for one in levels.ladder] == [D("0.5"), D("0.25"), None]
    assert levels.trailing is not None
    assert (levels.trailing.active, levels.trailing.best_rate, levels.trailing.stop_rate) == (None, None, None)
    assert levels.trailing.activation_rate == 103
    assert levels.break_even is not None
    assert (levels.break_even.trigger_rate, levels.break_even.offset_rate) == (101, D("100.2"))
    assert levels.break_even.stop_rate is None
    assert levels.time_exit is not None
    assert (levels.time_exit.at, levels.time_exit.only_below_profit) == (NOW + timedelta(minutes=90), D("0.005"))


def test_what_the_bot_told_of_its_stops_is_told_to_the_digit() -> None:
    marks = TradeMarks(
        best_rate=D("105.123456789012345"), stop_rate=D("103.0209876543"), stop_rule="trailing_stop",
        hard_stop_rate=D(90), trailing_rate=D("103.0209876543"), break_even_rate=D("100.2"), best_open_rate=D(100),
    )  # fmt: skip
    levels = told(marks=marks, stop_rate=D(95))
    assert levels.universal_stop is not None
    assert (levels.universal_stop.rate, levels.universal_stop.rule) == (D("103.0209876543"), "trailing_stop")
    assert levels.universal_stop.profit == D("0.03020988")
    assert levels.stop == levels.universal_stop
    assert (levels.own_stop, levels.hard_stop_rate) == (95, 90)
    assert levels.trailing is not None
    assert levels.trailing.active is True
    assert (levels.trailing.best_rate, levels.trailing.stop_rate) == (marks.best_rate, marks.trailing_rate)
    assert levels.break_even is not None
    assert levels.break_even.stop_rate == D("100.2")


def test_a_trailing_stop_below_its_activation_is_not_active() -> None:
    levels = told(marks=TradeMarks(best_rate=D("102.9"), best_open_rate=D(100)))
    assert levels.trailing is not None
    assert levels.trailing.active is False
    assert levels.trailing.best_rate == D("102.9")


def test_after_an_entry_that_moved_the_open_rate_the_best_rate_counts_anew() -> None:
    """As the bot counts at its next look: from the worse of open rate and rate."""
    levels = told(marks=TradeMarks(best_rate=D(110), best_open_rate=D(105), trailing_rate=D(108)))
    assert levels.trailing is not None
    assert (levels.trailing.best_rate, levels.trailing.active) == (100, False)
    assert levels.trailing.stop_rate == 108, "what it set stays"


@pytest.mark.parametrize(
    ("own", "universal", "rate", "rule"),
    [
        ("95", "94.2", "101.3", None),
        ("94.3", "94.25", "101.3", "hard_stop"),  # rounded to the tighter tick by FreqTrade: the rule's
        ("94.3", "94.25", "101.31", None),
        ("94.2", "94.2", "101", "hard_stop"),
        ("94.2", "94.21", "101", "hard_stop"),
    ],
)
def test_the_stop_is_the_tighter_one_and_names_who_set_it(
    own: str, universal: str, rate: str, rule: str | None
) -> None:
    marks = TradeMarks(stop_rate=D(universal), stop_rule="hard_stop", hard_stop_rate=D(universal))
    levels = told(stop_rate=D(own), marks=marks, rate=rate)
    assert levels.stop is not None
    assert (levels.stop.rate, levels.stop.rule) == (max(D(own), D(universal)), rule)


def test_a_short_is_mirrored() -> None:
    marks = TradeMarks(
        best_rate=D(96),
        best_open_rate=D(100),
        stop_rate=D("97.92"),
        stop_rule="trailing_stop",
        trailing_rate=D("97.92"),
    )
    levels = told(is_short=True, rate="97", stop_rate=D(105), marks=marks)
    assert levels.stop is not None
    assert (levels.stop.rate, levels.stop.rule, levels.stop.profit) == (D("97.92"), "trailing_stop", D("0.0208"))
    assert [one.rate for one in levels.ladder] == [98, 96, 90]
    assert levels.trailing is not None
    assert (levels.trailing.activation_rate, levels.trailing.active) == (97, True)
    rounded = told(is_short=True, rate="97.1", stop_rate=D("97.9"), marks=marks)
    assert rounded.stop is not None
    assert (rounded.stop.rate, rounded.stop.rule) == (D("97.9"), "trailing_stop")


def test_levels_that_are_sold_are_done_and_one_that_was_filled_in_part_has_its_rest() -> None:
    levels = told(amount="4", ladder_closed=D(6))
    assert [(one.amount, one.done) for one in levels.ladder] == [(0, True), (D("1.5"), False), (D("2.5"), False)]


def test_where_the_bot_tells_no_entries_nobody_knows_what_levels_have_left() -> None:
    assert [(one.amount, one.done) for one in told(amount_entered=None).ladder] == [(None, None)] * 3


def test_a_level_that_no_price_reaches_has_no_rate() -> None:
    levels = told({"take_profit": {"levels": [{"profit": "0.5", "fraction": "0.5"}, {"profit": "1.5"}]}}, is_short=True)
    assert [one.rate for one in levels.ladder] == [50, None]
    assert levels.ladder[1].done is None
    taken = told(
        {"take_profit": {"levels": [{"profit": "0.5"}]}, "break_even": {"trigger": "0.1"}}, fee_close=Decimal(1)
    )
    assert [one.rate for one in taken.ladder] == [None]
    assert taken.break_even is not None
    assert taken.break_even.trigger_rate is None


def test_without_rules_there_is_freqtrades_own_stop_alone() -> None:
    levels = told({"schema_version": 1}, stop_rate=D(95))
    assert levels.stop is not None
    assert (levels.stop.rate, levels.stop.rule) == (95, None)
    assert (levels.ladder, levels.trailing, levels.break_even, levels.time_exit) == ((), None, None, None)
    assert not levels.hard_stop


def test_what_is_left_over_from_a_policy_that_is_not_kept_any_more_is_no_level() -> None:
    marks = TradeMarks(best_rate=D(105), stop_rate=D(103), stop_rule="trailing_stop", trailing_rate=D(103))
    levels = told(enforced=False, marks=marks, stop_rate=D(95))
    assert levels.universal_stop is None
    assert levels.stop is not None
    assert levels.stop.rate == 95
    assert levels.trailing is not None
    assert (levels.trailing.active, levels.trailing.best_rate, levels.trailing.stop_rate) == (None, None, None)


def test_marks_that_no_rule_would_read_are_not_told() -> None:
    marks = TradeMarks(best_rate=D(-1), stop_rate=D(0), stop_rule="whatever", trailing_rate=D("1E+399"))
    levels = told(marks=marks)
    assert levels.universal_stop is None
    assert levels.trailing is not None
    assert (levels.trailing.best_rate, levels.trailing.stop_rate) == (None, None)


def test_a_trade_without_a_filled_entry_has_no_levels() -> None:
    assert levels_of(trade(amount="0"), PolicyDocument.model_validate(EVERYTHING)) is None
