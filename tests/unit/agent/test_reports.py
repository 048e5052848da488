"""What a bot says of itself, and how long it holds."""

from dataclasses import replace
from datetime import timedelta

import pytest

from pool.agent import reports, table
from pool.agent.conditions import conditions
from pool.agent.facts import SlotFacts
from pool.contract.frames import ConditionFrame
from pool.contract.slots import ConditionType
from tests.unit.agent.builders import AT, LIMITS, beat, connected, make_spec, up


def test_a_bot_that_runs_on_what_worked_last_says_so_until_it_stands_on_what_is_wanted() -> None:
    failed = ConditionFrame(type=ConditionType.BOOT_FAILED.value, message="It cannot be built.")
    facts = beat(reports.noted(up(), failed), 10)
    assert conditions(facts, LIMITS, 10)[ConditionType.BOOT_FAILED] == "It cannot be built."
    stands = beat(reports.noted(facts, ConditionFrame(type="", message="")), 11)
    assert ConditionType.BOOT_FAILED not in conditions(stands, LIMITS, 11)


def test_what_kept_it_from_running_is_over_when_it_runs() -> None:
    waiting = ConditionFrame(type=ConditionType.EXCHANGE_UNREACHABLE.value, message="It does not answer.")
    assert conditions(beat(reports.noted(up(), waiting), 10), LIMITS, 10) == {}


def steady(before: SlotFacts, now: float, **changes: object) -> bool:
    return reports.is_steady(before, beat(before, now, **changes))


def test_a_heartbeat_that_tells_of_life_alone_is_steady() -> None:
    assert steady(up(), 10)
    assert steady(up(), 10, progress=1, patience_seconds=40), "for how long it is excused is a matter of time"
    assert steady(up(), 10, at=AT + timedelta(seconds=10))


@pytest.mark.parametrize(
    "changes",
    [
        {"phase": "stopping"},
        {"trader_state": "paused"},
        {"observed_generation": 0},
        {"paused_by_flotilla": True},
        {"flat": True},
        {"mode": "halted"},
        {"policy": "other"},
        {"waking": {"mode": "loop", "reasons": ["asked"], "since": AT}},
    ],
)
def test_a_heartbeat_that_tells_anything_else_is_not_steady(changes: dict[str, object]) -> None:
    assert not steady(up(), 10, **changes)


def test_a_heartbeat_of_a_bot_that_something_is_to_be_done_about_is_not_steady() -> None:
    stopped = make_spec(desired="stopped")
    flattening = make_spec(desired="stopped", open_trades="flatten")
    for facts in (connected(), table.put(up(), "bot", stopped), table.put(up(), "bot", flattening), ending(up())):
        assert not steady(facts, 10)


def test_a_heartbeat_that_ends_what_held_before_is_not_steady() -> None:
    """Of a run that has lasted, what is told of the last one goes."""
    for past in (replace(up(), hung_at=0.0), replace(up(), waiting="crashed"), replace(up(), waiting="again")):
        assert not steady(past, 100)
    noted = reports.noted(up(), ConditionFrame(type=ConditionType.EXCHANGE_UNREACHABLE.value, message="Gone."))
    assert not steady(noted, 10)


def ending(facts: SlotFacts) -> SlotFacts:
    assert facts.run is not None
    return facts.with_run(replace(facts.run, ending="asked", ending_since=1.0))
