"""When the next loop can wait, and until when."""

from dataclasses import replace

import pytest

from pool.bot.waking.needs import CANDLE_SECONDS, Facts, TradeFacts, waking
from pool.contract.waking import REASONS, SENTENCES, Reason

QUIET = Facts(closes=(300.0, 3600.0), watched=True)
TRADE = TradeFacts(1, timers=(250.0,))

REASON_OF: list[tuple[Facts, Reason]] = [
    (replace(QUIET, enabled=False), "setting"),
    (replace(QUIET, runs=False), "not_running"),
    (replace(QUIET, looped=False), "loop_failed"),
    (replace(QUIET, flattening=True), "flattening"),
    (replace(QUIET, unsettled=True), "order_unsettled"),
    (replace(QUIET, entry_stands=True), "entry_stands"),
    (replace(QUIET, candles_awaited=True), "candles_awaited"),
    (replace(QUIET, freed=True), "slot_freed"),
    (replace(QUIET, asked=True), "asked"),
    (replace(QUIET, trades=(TRADE,), watched=False), "prices_not_watched"),
    (replace(QUIET, trades=(TRADE, replace(TRADE, open_order=True))), "open_order"),
    (replace(QUIET, trades=(replace(TRADE, exit_stands=True),)), "exit_stands"),
    (replace(QUIET, trades=(replace(TRADE, beyond=True),)), "price_beyond"),
    (replace(QUIET, trades=(replace(TRADE, watchable=False),)), "price_not_comparable"),
    (replace(QUIET, trades=(replace(TRADE, keeps=frozenset({"time_exit"})),)), "time_exit"),
    (replace(QUIET, trades=(replace(TRADE, keeps=frozenset({"fees_unknown"})),)), "fees_unknown"),
    (replace(QUIET, trades=(replace(TRADE, keeps=frozenset({"liquidation_near"})),)), "liquidation_near"),
    *[
        (replace(QUIET, always=frozenset({reason})), reason)
        for reason in REASONS[5:12]  # of strategy and configuration
    ],
    *[
        (replace(QUIET, trades=(TRADE,), with_trades=frozenset({reason})), reason)
        for reason in REASONS[12:18]  # of both, with open trades
    ],
]


@pytest.mark.parametrize(("facts", "reason"), REASON_OF, ids=[reason for _, reason in REASON_OF])
def test_each_reason_keeps_the_loop(facts: Facts, reason: Reason) -> None:
    decided = waking(facts)

    assert (decided.mode, decided.reasons, decided.next_at) == ("loop", (reason,), None)


def test_every_reason_is_tried_here_and_has_a_sentence() -> None:
    assert {reason for _, reason in REASON_OF} == set(REASONS) == set(SENTENCES)


def test_without_a_reason_it_sleeps_until_the_next_candle_its_offset_and_its_own_jitter() -> None:
    decided = waking(replace(QUIET, jitter=2.5))

    assert (decided.mode, decided.next_at) == ("on_need", 300.0 + CANDLE_SECONDS + 2.5)
    assert decided.candle_at == 300.0 + CANDLE_SECONDS, "when FreqTrade asks for it"
    assert not decided.needs_prices


def test_timers_come_without_offset_and_the_first_of_all_counts() -> None:
    assert waking(replace(QUIET, timers=(290.0, 400.0))).next_at == 290.0
    assert waking(replace(QUIET, timers=(290.0,), trades=(TRADE,))).next_at == 250.0


def test_with_open_trades_it_sleeps_only_as_long_as_their_prices_are_watched() -> None:
    assert waking(replace(QUIET, trades=(TRADE,))).needs_prices


def test_what_a_strategy_does_with_trades_does_not_matter_without_one() -> None:
    assert waking(replace(QUIET, with_trades=frozenset({"custom_exit"}))).mode == "on_need"


def test_several_reasons_are_told_each_once() -> None:
    trades = (replace(TRADE, open_order=True), replace(TRADE, open_order=True, beyond=True))

    assert waking(replace(QUIET, trades=trades, asked=True)).reasons == ("open_order", "price_beyond", "asked")


def test_a_bot_that_loops_anyway_is_not_told_that_nobody_watches() -> None:
    facts = replace(QUIET, trades=(TRADE,), watched=False, with_trades=frozenset({"custom_exit"}))

    assert waking(facts).reasons == ("custom_exit",)
