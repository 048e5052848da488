"""From halts to orders: the most bound wins, numbers count up with each change, and a reduction is ordered once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.risk.confirmations import VALID, code_of, confirms
from orchestrator.risk.halts import Target
from orchestrator.risk.models import HaltModel
from orchestrator.risk.modes import Governed, Order, next_order, wanted
from pool.contract.risk import Mode, RiskStanding
from pool.rules.correlation import alike, pearson, returns_of

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
BOT = Governed("bot-a", "user-one", True)


def halt(scope: str = "bot", subject: str = "bot-a", mode: Mode = Mode.HALTED, **values: Any) -> HaltModel:
    return HaltModel(
        id=values.pop("id", f"halt-{scope}-{subject}"), scope=scope, subject=subject, mode=mode.value, source="manual",
        by="user-one", at=NOW, **values,
    )  # fmt: skip


def told(number: int, mode: Mode) -> RiskStanding:
    return RiskStanding(bot_id="bot-a", number=number, mode=mode, lease_left_seconds=0)


def test_the_most_bound_of_all_that_concern_a_bot_is_in_force() -> None:
    reducing = halt("user", "user-one", Mode.REDUCING, why="News")
    others = [halt("bot", "bot-b"), halt("user", "user-two"), halt("fleet", "", trading="live")]
    assert wanted(BOT, others).mode is Mode.ACTIVE
    want = wanted(BOT, [reducing, *others, halt("fleet", "", flatten=True)])
    assert (want.mode, want.flatten) == (Mode.HALTED, True)
    assert want.why == "Halted (the fleet): no reason was given. Reducing (all bots of its user): News."


def test_a_reduction_is_ordered_once_and_again_only_until_its_agent_took_it() -> None:
    first = next_order(None, wanted(BOT, []), None)
    assert first == Order(1, Mode.ACTIVE, False, None, (), "")
    reducing = halt(mode=Mode.REDUCING, reduce_fraction=Decimal("0.5"))
    second = next_order(first, wanted(BOT, [reducing]), None)
    assert (second.number, second.reduce_fraction) == (2, Decimal("0.5"))
    assert next_order(second, wanted(BOT, [reducing]), None) == second
    both = wanted(BOT, [reducing, halt("fleet", "")])
    assert next_order(second, both, told(2, Mode.REDUCING)).reduce_fraction is None
    assert next_order(second, both, told(1, Mode.ACTIVE)).reduce_fraction == Decimal("0.5")
    smaller = replace(second, reduced=(reducing.id, "released"), reduce_fraction=Decimal("0.8"))
    assert next_order(smaller, both, told(1, Mode.ACTIVE)).reduce_fraction is None, "what asked for it was released"


def test_a_new_leader_that_heard_of_no_agent_yet_orders_no_reduction_once_more() -> None:
    reducing = halt(mode=Mode.REDUCING, reduce_fraction=Decimal("0.5"))
    reduced = next_order(None, wanted(BOT, [reducing]), None)
    halted = next_order(reduced, wanted(BOT, [reducing, halt("fleet", "")]), None)
    assert (halted.number, halted.mode, halted.reduce_fraction) == (reduced.number, Mode.HALTED, Decimal("0.5"))
    released = next_order(halted, wanted(BOT, [reducing]), told(halted.number, Mode.HALTED))
    assert (released.number, released.mode, released.reduce_fraction) == (halted.number + 1, Mode.REDUCING, None)
    assert next_order(halted, wanted(BOT, [reducing]), None).number == halted.number + 1, "or a flag file would stay"


def test_orders_carry_the_last_release_of_an_administrator_on() -> None:
    before = Order(7, Mode.ACTIVE, False, None, (), "", released_number=7)
    halted = next_order(before, wanted(BOT, [halt()]), told(7, Mode.ACTIVE))
    freed = next_order(halted, wanted(BOT, []), None)
    assert [(one.number, one.released_number) for one in (halted, freed)] == [(8, 7), (9, 7)]


def test_a_change_that_nobody_released_takes_no_hand_written_flag_away() -> None:
    active = next_order(None, wanted(BOT, []), None)
    bound = next_order(active, wanted(BOT, [halt(mode=Mode.REDUCING)]), told(1, Mode.HALTED))
    assert (bound.number, bound.mode) == (1, Mode.REDUCING)


def test_an_agent_that_knows_a_higher_number_than_a_restored_database_is_overtaken() -> None:
    old = next_order(None, wanted(BOT, []), None)
    assert next_order(old, wanted(BOT, []), told(9, Mode.ACTIVE)) == Order(10, Mode.ACTIVE, False, None, (), "")
    assert next_order(old, wanted(BOT, [halt()]), told(9, Mode.ACTIVE)).number == 10
    assert next_order(None, wanted(BOT, [halt()]), told(9, Mode.ACTIVE)).number == 10
    flagged = next_order(old, wanted(BOT, []), told(9, Mode.HALTED))
    assert flagged.number == 9, "what was halted after the backup stays so until somebody releases it"
    assert next_order(flagged, wanted(BOT, []), told(9, Mode.HALTED)) == flagged


@given(st.lists(st.lists(st.sampled_from(["active", "reduce", "halt", "flatten"]), max_size=3), max_size=8))
def test_numbers_never_go_back_and_change_with_what_is_ordered(steps: list[list[str]]) -> None:
    before = next_order(None, wanted(BOT, []), None)
    for number, kinds in enumerate(steps):
        halts = [
            halt(
                id=f"halt-{number}-{kind}",
                mode=Mode.REDUCING if kind == "reduce" else Mode.HALTED,
                reduce_fraction=Decimal("0.1") if kind == "reduce" else None,
                flatten=kind == "flatten",
            )
            for kind in set(kinds) - {"active"}
        ]
        after = next_order(before, wanted(BOT, halts), None)
        same = (before.mode, before.flatten, before.why) == (after.mode, after.flatten, after.why)
        assert after.number >= before.number
        assert same or after.number > before.number
        before = after


def test_a_code_confirms_just_what_it_was_given_for_and_for_a_minute() -> None:
    target, halts = Target("user", "user-one"), [halt()]
    code = code_of("key", "user-one", target, halts, NOW + VALID)
    assert confirms("key", "user-one", target, halts, code, NOW)
    assert not confirms("key", "user-one", target, halts, code, NOW + timedelta(seconds=61))
    assert not confirms("key", "user-two", target, halts, code, NOW)
    assert not confirms("key", "user-one", Target("fleet"), halts, code, NOW)
    assert not confirms("key", "user-one", target, [*halts, halt("fleet", "")], code, NOW)
    assert not confirms("key", "user-one", target, halts, "ffffffffffffffffff-é", NOW)


def test_correlation_is_pearsons_of_common_returns() -> None:
    up = {time: 100.0 * (1.01 if time % 2 else 1.0) for time in range(40)}
    twice = {time: 50.0 * (1.02 if time % 2 else 1.0) for time in range(5, 45)}
    against = {time: 10.0 * (1.0 if time % 2 else 1.01) for time in range(40)}
    one, other, third = returns_of(up), returns_of(twice), returns_of(against)
    together = pearson(one, other)
    assert together is not None
    assert together > 0.999
    apart = pearson(one, third)
    assert apart is not None
    assert apart < -0.999
    assert pearson(one, dict(list(other.items())[:10])) is None
    assert pearson(one, dict.fromkeys(range(40), 0.0)) is None
    assert alike("A", False, "B", True, 0.8, lambda *_: -0.9)
    assert not alike("A", False, "B", False, 0.8, lambda *_: -0.9)
    assert alike("A", False, "A", True, 0.8, lambda *_: -0.9)
