"""How a process ended, and what follows."""

import signal

import pytest

from pool.agent import exits, reports, table
from pool.agent.conditions import conditions, observed_generation, observed_state
from pool.agent.facts import Blocked, SlotFacts, Start
from pool.contract import exit_codes
from pool.contract.frames import ConditionFrame
from pool.contract.slots import ConditionType, ObservedState
from tests.unit.agent.builders import AT, LIMITS, beat, connected, forked, make_spec, slot, started, up


def end(facts: SlotFacts, status: int, now: float, note: str = "") -> tuple[SlotFacts, bool]:
    assert facts.run is not None
    return exits.exited(facts, exits.describe("run", status, AT, facts.run.ending, note, []), LIMITS, now)


def again(facts: SlotFacts) -> SlotFacts:
    """Started anew when its delay is over."""
    assert table.decide(facts, LIMITS, facts.retry_at)[1] == [Start()]
    assert table.decide(facts, LIMITS, facts.retry_at - 0.01)[1] == []
    return table.requested(facts, "run", facts.retry_at)


def delays(facts: SlotFacts, status: int, count: int) -> list[float]:
    found = []
    for _ in range(count):
        now = facts.retry_at + 100
        facts, quarantined = end(table.requested(facts, "run", now), status, now)
        assert not quarantined
        found.append(facts.retry_at - now)
    return found


def test_crashes_are_restarted_with_growing_delay() -> None:
    assert delays(slot(), 1, 8) == [1, 2, 4, 8, 16, 32, 60, 60]


def test_unreachable_exchange_waits_2_to_30_s_and_never_counts() -> None:
    assert delays(slot(), exit_codes.EXCHANGE_UNREACHABLE, 6) == [2, 4, 8, 16, 30, 30]
    facts = slot()
    for now in range(10):
        facts, quarantined = end(table.requested(facts, "run", now), exit_codes.EXCHANGE_UNREACHABLE, now)
        assert not quarantined
    assert facts.crashes == ()
    assert ConditionType.EXCHANGE_UNREACHABLE in conditions(facts, LIMITS, 10)
    assert observed_state(facts) is ObservedState.PENDING


def test_locked_directory_is_tried_every_2_s() -> None:
    assert delays(slot(), exit_codes.LOCKED, 4) == [2, 2, 2, 2]
    facts, _ = end(forked(), exit_codes.LOCKED, 1)
    assert list(conditions(facts, LIMITS, 1)) == [ConditionType.LOCKED]


def test_three_crashes_within_the_window_quarantine() -> None:
    facts, quarantined = end(forked(), 1, 0)
    facts, quarantined = end(again(facts), -signal.SIGSEGV, 10)
    assert not quarantined
    assert list(conditions(facts, LIMITS, 10)) == [ConditionType.CRASH_LOOPING]
    facts, quarantined = end(again(facts), 1, 59)
    assert quarantined
    assert facts.blocked is Blocked.QUARANTINED
    assert observed_state(facts) is ObservedState.QUARANTINED
    assert "crashed with exit code 1" in conditions(facts, LIMITS, 60)[ConditionType.QUARANTINED]
    assert observed_generation(facts) == 1


def test_crashes_further_apart_do_not() -> None:
    facts = slot()
    for now in (0, 40, 80, 120):
        facts, quarantined = end(table.requested(facts, "run", now), 1, now)
        assert not quarantined


@pytest.mark.parametrize("status", [exit_codes.OK, exit_codes.ORPHANED])
def test_unexpected_end_in_good_order_is_restarted_and_no_crash(status: int) -> None:
    facts, _ = end(up(), status, 10)
    assert facts.crashes == ()
    again(facts)


def test_boot_failure_is_final_until_the_generation_changes() -> None:
    facts, _ = end(connected(), exit_codes.BOOT_FAILED, 1, "no such indicator")
    assert observed_state(facts) is ObservedState.FAILED
    assert "no such indicator" in conditions(facts, LIMITS, 1)[ConditionType.BOOT_FAILED]
    assert table.decide(facts, LIMITS, 1000)[1] == []
    facts = table.put(facts, "bot", make_spec(generation=2))
    assert table.decide(facts, LIMITS, 1000)[1] == [Start()]


def test_fence_is_final_under_this_epoch() -> None:
    facts, _ = end(forked(), exit_codes.FENCED, 1)
    assert observed_state(facts) is ObservedState.FAILED
    assert list(conditions(facts, LIMITS, 1)) == [ConditionType.FENCED]
    facts = table.put(table.restart(facts), "bot", make_spec(generation=2, epoch=1))
    assert table.decide(facts, LIMITS, 1000)[1] == []
    facts = table.put(facts, "bot", make_spec(generation=2, epoch=2))
    assert table.decide(facts, LIMITS, 1000)[1] == [Start()]


def test_long_good_run_ends_the_growth_of_delays() -> None:
    facts, _ = end(forked(), 1, 0)
    facts, _ = end(again(facts), 1, 5)
    facts = beat(connected_again(again(facts), 10), 10)
    facts = beat(facts, 71)
    assert ConditionType.CRASH_LOOPING not in conditions(facts, LIMITS, 71)
    facts, _ = end(facts, 1, 100)
    assert facts.retry_at == 101


def connected_again(facts: SlotFacts, now: float) -> SlotFacts:
    return reports.connected(reports.forked(facts, 101, now), now)


def test_hang_is_replaced_soon_and_no_crash() -> None:
    facts = beat(up(), 1)
    facts, _ = table.decide(facts, LIMITS, 100)
    facts, quarantined = end(facts, -signal.SIGKILL, 101)
    assert not quarantined
    assert facts.crashes == ()
    assert facts.last_exit is not None
    assert facts.last_exit.reason == "made no progress and was replaced"
    assert ConditionType.HUNG in conditions(facts, LIMITS, 102)
    again(facts)


def test_failed_fork_is_tried_again_and_a_withdrawn_one_is_not() -> None:
    again(exits.fork_failed(started(), LIMITS, 1))
    unwanted = table.put(started(), "bot", make_spec(desired="stopped", generation=2))
    unwanted, _ = table.decide(unwanted, LIMITS, 1)
    gone = exits.fork_failed(unwanted, LIMITS, 1)
    assert gone.run is None
    assert observed_state(gone) is ObservedState.STOPPED


@pytest.mark.parametrize(
    ("status", "ending", "note", "reason"),
    [
        (0, "asked", "", "stopped as asked"),
        (-9, "asked", "", "was killed, having not stopped in time"),
        (0, "restart", "", "stopped as asked, to start anew"),
        (-9, None, "", "was ended by SIGKILL"),
        (-64, None, "", "was ended by SIGRTMAX"),
        (5, None, "oh dear", "crashed with exit code 5: oh dear"),
        (75, None, "timed out", "the exchange did not answer at boot: timed out"),
    ],
)
def test_reasons_are_sentences(status: int, ending: exits.Ending | None, note: str, reason: str) -> None:
    exit_ = exits.describe("run", status, AT, ending, note, ["last line"])
    assert exit_.reason == reason
    assert (exit_.code, exit_.signal) == ((status, None) if status >= 0 else (None, -status))


def test_states_of_a_life() -> None:
    assert observed_state(slot()) is ObservedState.PENDING
    assert observed_generation(slot()) == 0
    assert observed_state(started()) is ObservedState.PENDING
    assert observed_state(forked()) is ObservedState.STARTING
    assert observed_state(beat(connected(), 1, phase="booting")) is ObservedState.STARTING
    assert observed_state(up()) is ObservedState.RUNNING
    assert observed_generation(up()) == 1
    assert observed_state(beat(up(), 1, trader_state="paused")) is ObservedState.PAUSED
    assert observed_state(table.delete(up())) is ObservedState.STOPPING
    assert observed_state(slot(desired="stopped")) is ObservedState.STOPPED
    assert observed_generation(slot(desired="stopped", generation=4)) == 4


def test_conditions_of_a_run() -> None:
    assert list(conditions(forked(), LIMITS, 6)) == [ConditionType.NOT_REPORTING]
    assert list(conditions(up(), LIMITS, 6)) == [ConditionType.NOT_REPORTING]
    assert list(conditions(beat(up(), 5, trader_state="stopped"), LIMITS, 6)) == [ConditionType.TRADER_STOPPED]
    noted = reports.noted(connected(), ConditionFrame(type="ExchangeUnreachable", message="timed out"))
    assert conditions(noted, LIMITS, 1) == {ConditionType.EXCHANGE_UNREACHABLE: "timed out"}
    unknown = reports.noted(connected(), ConditionFrame(type="SomethingNew", message="?"))
    assert conditions(unknown, LIMITS, 1) == {}


def test_missing_key_is_a_condition_only_while_the_bot_is_wanted() -> None:
    assert list(conditions(slot(trading="paper_live"), LIMITS, 0)) == [ConditionType.SECRETS_NEEDED]
    assert conditions(slot(trading="paper_live", desired="stopped"), LIMITS, 0) == {}
