"""What the rules decide, by example."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from pool.rules.exits import decide, thresholds
from pool.rules.position import Close, Marks, Price, Thresholds
from tests.unit.rules.examples import NOW, OPENED, along, document, position

LADDER = {
    "levels": [
        {"profit": "0.02", "fraction": "0.25"},
        {"profit": "0.05", "fraction": "0.5"},
        {"profit": "0.10"},
    ]
}


class TestLadder:
    def test_each_level_takes_its_share_of_the_original_position(self) -> None:
        rules = document(take_profit=LADDER)

        assert along(position(), rules, 101.9).close is None
        assert along(position(), rules, 102.0).close == Close("take_profit", 0.25, pytest.approx(102.0), 1)
        second = along(position(amount=0.75, ladder_closed=0.25), rules, 105.0).close
        assert second == Close("take_profit", 0.5, pytest.approx(105.0), 2)
        last = along(position(amount=0.25, ladder_closed=0.75), rules, 111.0).close
        assert last == Close("take_profit", None, pytest.approx(110.0), 3)

    def test_jumped_levels_go_in_one(self) -> None:
        close = along(position(), document(take_profit=LADDER), 106.0).close

        assert close == Close("take_profit", 0.75, pytest.approx(105.0), 2)

    def test_a_level_filled_in_part_is_completed(self) -> None:
        close = along(position(amount=0.9, ladder_closed=0.1), document(take_profit=LADDER), 102.0).close

        assert close is not None
        assert close.amount == pytest.approx(0.15)

    def test_a_level_that_was_sold_is_not_sold_again(self) -> None:
        rules = document(take_profit=LADDER)
        held = position(amount=0.75, ladder_closed=0.25)

        assert along(held, rules, 104.0, 101.0, 104.9).close is None

    def test_a_further_entry_enlarges_what_is_wanted(self) -> None:
        held = position(amount=1.75, amount_entered=2.0, ladder_closed=0.25)

        close = along(held, document(take_profit=LADDER), 102.0).close
        assert close == Close("take_profit", 0.25, pytest.approx(102.0), 1)

    def test_a_rest_too_small_to_be_sold_goes_along(self) -> None:
        rules = document(take_profit={"levels": [{"profit": "0.02", "fraction": "0.95"}]})

        assert decide(position(), Marks(), Price(102.0), rules, NOW, min_amount=0.04).close == Close(
            "take_profit", 0.95, pytest.approx(102.0), 1
        )
        assert decide(position(), Marks(), Price(102.0), rules, NOW, min_amount=0.06).close == Close(
            "take_profit", None, pytest.approx(102.0), 1
        )

    def test_what_is_too_small_to_be_sold_waits_for_the_next_level(self) -> None:
        rules = document(take_profit=LADDER)

        assert decide(position(), Marks(), Price(102.0), rules, NOW, min_amount=0.3).close is None
        close = decide(position(), Marks(), Price(105.0), rules, NOW, min_amount=0.2).close
        assert close is not None
        assert close.amount == 0.75

    def test_what_must_be_left_is_more_than_what_an_order_needs(self) -> None:
        rules = document(take_profit=LADDER)

        close = decide(position(), Marks(), Price(102.0), rules, NOW, min_amount=0.2, min_rest=0.7).close
        assert close == Close("take_profit", 0.25, pytest.approx(102.0), 1)
        close = decide(position(), Marks(), Price(102.0), rules, NOW, min_amount=0.2, min_rest=0.8).close
        assert close is not None
        assert close.amount is None

    def test_it_waits_while_an_exit_order_rests_and_stops_do_not(self) -> None:
        rules = document(take_profit=LADDER, hard_stop={"distance": "0.1"})

        assert decide(position(), Marks(), Price(120.0), rules, NOW, exits_closed=False).close is None
        close = decide(position(), Marks(), Price(80.0), rules, NOW, exits_closed=False).close
        assert close is not None
        assert close.rule == "hard_stop"

    def test_profit_is_of_the_stake_and_after_fees(self) -> None:
        rules = document(take_profit=LADDER)
        held = position(leverage=5.0, fee_open=0.001, fee_close=0.001)

        close = along(held, rules, 101.0).close
        assert close is not None
        assert close.threshold_rate == pytest.approx(100 * 1.001 * 1.004 / 0.999)

    def test_where_a_fee_takes_everything_no_rule_reaches_its_profit_and_none_waits_for_it(self) -> None:
        held = position(fee_close=1.0)
        rules = document(
            take_profit={"levels": [{"profit": 0.01}]},
            break_even={"trigger": 0.01, "offset": 0.0},
            trailing_stop={"activation": 0.01, "distance": 0.01},
        )
        decision = along(held, rules, 1e9)
        assert decision.close is None
        assert decision.marks.stop_rate is None
        assert thresholds(held, decision.marks, rules) == Thresholds()

    def test_a_level_that_no_price_reaches_is_left_out(self) -> None:
        rules = document(take_profit={"levels": [{"profit": "2", "fraction": "1"}]})

        assert along(position(is_short=True), rules, 0.0001).close is None


class TestStops:
    def test_the_hard_stop(self) -> None:
        rules = document(hard_stop={"distance": "0.1"})

        assert along(position(), rules, 90.01).close is None
        assert along(position(), rules, 90.0).close == Close("hard_stop", None, 90.0)
        assert along(position(leverage=5.0), rules, 98.0).close == Close("hard_stop", None, 98.0)
        assert along(position(is_short=True), rules, 110.0).close == Close("hard_stop", None, pytest.approx(110.0))

    def test_the_trailing_stop_follows_the_best_rate_by_steps(self) -> None:
        rules = document(trailing_stop={"distance": "0.02", "activation": "0.05", "step": "0.01"})

        assert along(position(), rules, 104.0).marks.stop_rate is None
        assert along(position(), rules, 105.0).marks.stop_rate == pytest.approx(102.9)
        assert along(position(), rules, 105.0, 105.9).marks.stop_rate == pytest.approx(102.9)
        assert along(position(), rules, 105.0, 107.0).marks.stop_rate == pytest.approx(104.86)
        assert along(position(leverage=2.0), rules, 105.0).marks.stop_rate == pytest.approx(103.95)
        assert along(position(), rules, 105.0, 107.0, 105.0, 104.86).close == Close(
            "trailing_stop", None, pytest.approx(104.86)
        )

    def test_its_first_stop_locks_in(self) -> None:
        rules = document(trailing_stop={"distance": "0.05", "activation": "0.05", "lock_in": "0.03"})

        assert along(position(), rules, 105.0).marks.stop_rate == pytest.approx(103.0)

    def test_by_average_true_range(self) -> None:
        rules = document(
            hard_stop={"atr_multiple": "3", "atr_period": 10}, trailing_stop={"atr_multiple": "2", "atr_period": 5}
        )

        assert along(position(), rules, 100.0, atr={10: 2.0, 5: 1.0}).marks.hard_stop_rate == 94.0
        assert along(position(), rules, 100.0, atr={10: 2.0, 5: 1.0}).marks.trailing_rate == 98.0
        wider = along(position(), rules, 100.0, atr={10: 2.0, 5: 1.0}).marks
        assert along(position(), rules, 101.0, atr={10: 9.0, 5: 9.0}, marks=wider).marks == replace(
            wider, best_rate=101.0
        )

    def test_without_an_average_true_range_it_is_said(self) -> None:
        rules = document(hard_stop={"atr_multiple": "3"}, trailing_stop={"atr_multiple": "2"})

        assert along(position(), rules, 50.0).blind == ("hard_stop", "trailing_stop")
        assert along(position(), rules, 50.0).close is None
        assert along(position(), rules, 100.0, atr={14: float("nan")}).blind == ("hard_stop", "trailing_stop")

    def test_break_even(self) -> None:
        rules = document(break_even={"trigger": "0.03", "offset": "0.01"})
        held = position(fee_open=0.001, fee_close=0.001)

        assert along(held, rules, 103.0).marks.stop_rate is None
        moved = along(held, rules, 103.3).marks
        assert moved.stop_rate == pytest.approx(100 * 1.001 * 1.01 / 0.999)
        close = along(held, rules, 101.0, marks=moved).close
        assert close is not None
        assert close.rule == "break_even"

    def test_the_tighter_of_two_names_the_exit_and_a_gap_is_the_hard_stop(self) -> None:
        rules = document(hard_stop={"distance": "0.1"}, trailing_stop={"distance": "0.02"})

        assert along(position(), rules, 110.0, 107.0).close == Close("trailing_stop", None, pytest.approx(107.8))
        assert along(position(), rules, 110.0, 80.0).close == Close("hard_stop", None, 90.0)

    def test_a_looser_document_loosens_nothing(self) -> None:
        tight = along(position(), document(trailing_stop={"distance": "0.02"}), 110.0).marks

        loose = along(position(), document(trailing_stop={"distance": "0.2"}), 111.0, marks=tight).marks
        assert loose.stop_rate == tight.stop_rate
        late = document(trailing_stop={"distance": "0.01", "activation": "0.5", "lock_in": "0.4"})
        assert along(position(), late, 112.0, marks=tight).marks.stop_rate == tight.stop_rate

    def test_a_document_without_the_rule_drops_its_stop_and_no_other(self) -> None:
        both = along(
            position(), document(hard_stop={"distance": "0.05"}, trailing_stop={"distance": "0.02"}), 110.0
        ).marks
        assert both.stop_rate == pytest.approx(107.8)

        kept = along(position(), document(hard_stop={"distance": "0.2"}), 109.0, marks=both).marks
        assert (kept.stop_rate, kept.stop_rule) == (95.0, "hard_stop")
        assert along(position(), document(), 109.0, marks=both).marks == Marks()

    def test_a_rule_that_is_new_to_a_trade_does_not_judge_its_past(self) -> None:
        before = along(position(), document(hard_stop={"distance": "0.5"}), 150.0, 100.0).marks

        assert along(position(), document(trailing_stop={"distance": "0.1"}), 100.0, marks=before).close is None

    def test_a_lower_open_rate_loosens_nothing(self) -> None:
        rules = document(hard_stop={"distance": "0.1"})
        before = along(position(), rules, 95.0).marks

        averaged = position(open_rate=95.0, amount=2.0, amount_entered=2.0)
        assert along(averaged, rules, 94.0, marks=before).marks.stop_rate == 90.0

    @pytest.mark.parametrize(("is_short", "entered", "back"), [(False, 80.0, 93.0), (True, 120.0, 106.0)])
    @pytest.mark.parametrize("rule", ["break_even", "trailing_stop"])
    def test_an_entry_that_averages_is_judged_by_what_comes_after_it(
        self, is_short: bool, entered: float, back: float, rule: str
    ) -> None:
        """The open rate of before is a profit of a tenth of the new one, which the position never had."""
        sections = {"break_even": {"trigger": "0.02"}, "trailing_stop": {"activation": "0.03", "distance": "0.02"}}
        rules, fees = document(**{rule: sections[rule]}), {"fee_open": 0.001, "fee_close": 0.001}
        before = along(position(is_short=is_short, **fees), rules, 100.0, entered).marks
        averaged = position(is_short=is_short, open_rate=(100 + entered) / 2, amount=2.0, amount_entered=2.0, **fees)

        at_once = along(averaged, rules, entered, marks=before)
        assert (at_once.close, at_once.marks.stop_rate) == (None, None)
        watched = thresholds(averaged, before, rules, rate=entered)
        assert watched == thresholds(averaged, at_once.marks, rules, rate=entered)
        later = along(averaged, rules, back, marks=at_once.marks)
        assert (later.close, later.marks.stop_rule) == (None, rule)
        assert along(averaged, rules, entered, marks=later.marks).close is not None

    def test_an_entry_leaves_the_stops_that_were_set(self) -> None:
        rules = document(trailing_stop={"distance": "0.02"}, break_even={"trigger": "0.05"})
        before = along(position(), rules, 110.0).marks
        assert before.stop_rate == pytest.approx(107.8)

        added = position(open_rate=104.0, amount=2.0, amount_entered=2.0)
        assert along(added, rules, 108.0, marks=before).marks.stop_rate == before.stop_rate
        assert along(added, rules, 108.0, 107.7, marks=before).close is not None
        assert along(added, rules, 108.0, 115.0, marks=before).marks.stop_rate == pytest.approx(112.7)


class TestTimeExit:
    def test_it_comes_with_time(self) -> None:
        rules = document(time_exit={"after_minutes": 120})

        assert decide(position(), Marks(), Price(100.0), rules, NOW - timedelta(seconds=1)).close is None
        assert decide(position(), Marks(), Price(100.0), rules, NOW).close == Close("time_exit", None, None)

    def test_it_spares_those_that_earn(self) -> None:
        rules = document(time_exit={"after_minutes": 1, "only_below_profit": "0.01"})

        assert along(position(), rules, 101.0).close is None
        assert along(position(), rules, 100.9).close == Close("time_exit", None, None)


def test_of_several_the_stop_goes_first_then_time_then_the_ladder() -> None:
    everything = document(
        take_profit={"levels": [{"profit": "0.001", "fraction": "0.5"}]},
        time_exit={"after_minutes": 1},
        trailing_stop={"distance": "0.02"},
    )
    seen = along(position(), document(trailing_stop={"distance": "0.02"}), 110.0).marks

    stopped = along(position(), everything, 107.0, marks=seen).close
    assert stopped is not None
    assert stopped.rule == "trailing_stop"
    timed = along(position(), everything, 109.0, marks=seen).close
    assert timed is not None
    assert timed.rule == "time_exit"


class TestCandles:
    rules = document(trailing_stop={"distance": "0.02"})

    def test_a_stop_that_the_low_hit_is_not_moved_by_the_high(self) -> None:
        before = along(position(), self.rules, 100.0).marks

        decision = decide(position(), before, Price(100.0, low=97.0, high=120.0), self.rules, NOW)
        assert decision.close == Close("trailing_stop", None, pytest.approx(98.0))
        assert decision.marks.best_rate == 100.0

    def test_else_the_high_moves_it_and_then_the_low_is_tried(self) -> None:
        before = along(position(), self.rules, 100.0).marks

        decision = decide(position(), before, Price(100.0, low=99.0, high=120.0), self.rules, NOW)
        assert decision.close == Close("trailing_stop", None, pytest.approx(117.6))

    def test_in_the_candle_of_an_entry_the_high_may_have_been_before_it(self) -> None:
        rules = document(break_even={"trigger": "0.02"})
        before = along(position(), rules, 100.0).marks
        averaged = position(open_rate=90.0, amount=2.0, amount_entered=2.0)

        filled = decide(averaged, before, Price(100.0, low=79.0, high=101.0), rules, NOW)
        assert (filled.close, filled.marks.stop_rate) == (None, None)
        assert decide(averaged, filled.marks, Price(80.0, low=80.0, high=92.0), rules, NOW).close is not None

    def test_of_two_stops_within_a_candle_the_tighter_one_fired_first(self) -> None:
        rules = document(trailing_stop={"distance": "0.02"}, hard_stop={"distance": "0.1"})
        before = along(position(), rules, 100.0).marks

        decision = decide(position(), before, Price(99.0, low=80.0, high=99.0), rules, NOW)
        assert decision.close == Close("trailing_stop", None, pytest.approx(98.0))

    def test_a_short_takes_the_bounds_the_other_way(self) -> None:
        rules = document(take_profit=LADDER, hard_stop={"distance": "0.1"})
        held = position(is_short=True)

        level = decide(held, Marks(), Price(100.0, low=98.0, high=100.0), rules, NOW).close
        assert level is not None
        assert level.rule == "take_profit"
        stop = decide(held, Marks(), Price(100.0, low=98.0, high=110.0), rules, NOW).close
        assert stop is not None
        assert stop.rule == "hard_stop"


class TestThresholds:
    def test_the_stop_and_the_next_level(self) -> None:
        rules = document(take_profit=LADDER, hard_stop={"distance": "0.1"})
        held = position(amount=0.75, ladder_closed=0.25)
        marks = along(held, rules, 100.0).marks

        found = thresholds(held, marks, rules)
        assert (found.below, found.above) == (90.0, pytest.approx(105.0))
        assert found.reasons == ("hard_stop", "take_profit:2")

    def test_an_activation_before_a_level(self) -> None:
        rules = document(take_profit=LADDER, trailing_stop={"distance": "0.01", "activation": "0.01"})

        found = thresholds(position(), along(position(), rules, 100.0).marks, rules)
        assert (found.below, found.above) == (None, pytest.approx(101.0))

    def test_a_best_rate_only_where_it_moves_the_stop(self) -> None:
        rules = document(trailing_stop={"distance": "0.02", "step": "0.01"})
        marks = along(position(), rules, 100.0).marks
        above = thresholds(position(), marks, rules).above
        assert above is not None
        assert above == pytest.approx(99 / 0.98)

        assert along(position(), rules, above - 0.001, marks=marks).marks.stop_rate == marks.stop_rate
        assert along(position(), rules, above, marks=marks).marks.stop_rate == pytest.approx(99.0)

    def test_small_new_highs_wake_nobody(self) -> None:
        rules = document(trailing_stop={"distance": "0.02"})

        assert thresholds(position(), along(position(), rules, 100.0).marks, rules).above == pytest.approx(100.1)

    def test_what_was_passed_is_left_out(self) -> None:
        rules = document(take_profit=LADDER)

        assert thresholds(position(), Marks(), rules, rate=103.0).above == pytest.approx(105.0)
        assert thresholds(position(), Marks(), rules, rate=101.0).above == pytest.approx(102.0)

    def test_a_level_that_lots_leave_a_rest_of_hides_no_later_one(self) -> None:
        rules = document(take_profit=LADDER)
        held = position(amount=0.7501, ladder_closed=0.2499)  # a quarter was due, and cut to a lot

        assert thresholds(held, Marks(), rules, rate=101.0).above == pytest.approx(102.0)
        assert thresholds(held, Marks(), rules, rate=102.0).above == pytest.approx(105.0)

    def test_nothing_is_watched_without_rules(self) -> None:
        found = thresholds(position(), Marks(), document())

        assert (found.below, found.above, found.reasons) == (None, None, ())

    def test_of_a_short_the_stop_is_above(self) -> None:
        rules = document(take_profit=LADDER, hard_stop={"distance": "0.1"})
        held = position(is_short=True)

        found = thresholds(held, along(held, rules, 100.0).marks, rules)
        assert (found.below, found.above) == (pytest.approx(98.0), pytest.approx(110.0))


@pytest.mark.parametrize("rate", [0.0, -1.0, float("nan"), float("inf")])
def test_nothing_is_decided_on_what_is_no_price(rate: float) -> None:
    rules = document(take_profit=LADDER, hard_stop={"distance": "0.1"}, time_exit={"after_minutes": 1})

    assert decide(position(), Marks(best_rate=3.0), Price(rate), rules, NOW).close is None
    assert decide(position(amount=0.0), Marks(), Price(50.0), rules, NOW).close is None


def test_a_document_of_decimals_is_read_exactly() -> None:
    rules = document(hard_stop={"distance": Decimal("0.1")}, time_exit={"after_minutes": 1})

    assert along(position(opened_at=OPENED), rules, 90.0).close == Close("hard_stop", None, 90.0)


def test_of_two_measures_of_a_hard_stop_the_nearer_counts() -> None:
    rules = document(hard_stop={"distance": "0.1", "atr_multiple": "2"})
    stops = [decide(position(), Marks(), Price(100.0), rules, NOW, atr=atr).marks.stop_rate for atr in (
        {14: 1.0}, {14: 30.0}, None,
    )]  # fmt: skip
    assert stops == pytest.approx([98.0, 90.0, 90.0])
