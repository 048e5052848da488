"""A bot's status from what was seen of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from orchestrator.bots.status import (
    ConditionCleared,
    ConditionSet,
    RestartDone,
    SlotAbsent,
    SlotSeen,
    SnapshotSeen,
    Status,
    Wanted,
    apply,
)
from pool.contract.slots import Condition, ConditionType, ObservedState, Slot
from tests.fakes.fake_agent import snapshot

NOW = datetime(2026, 11, 21, tzinfo=UTC)
RUNNING = Wanted("running", 1)
FRESH = Status("pending", 0, 0, None, (), None, None, None, None)


def slot(state: str = "running", epoch: int = 1, conditions: list[Condition] | None = None) -> Slot:
    return Slot(
        bot_id="b",
        epoch=epoch,
        observed_generation=4,
        desired="running",  # type: ignore[arg-type]
        observed_state=ObservedState(state),
        trader_state="running",
        conditions=conditions or [],
        run_id="r",
        pid=1,
        started_at=NOW,
        restarts=0,
        last_exit=None,
        memory=None,
        cpu_percent=None,
        last_report_at=None,
        snapshot=None,
    )


def seen(told: Slot) -> SlotSeen:
    return SlotSeen("b", NOW, told)


def unreachable(at: datetime = NOW) -> ConditionSet:
    return ConditionSet("b", at, ConditionType.AGENT_UNREACHABLE, "No answer.")


def types(status: Status) -> set[str]:
    return {condition.type for condition in status.conditions}


def test_the_slot_tells_the_state() -> None:
    after = apply(FRESH, RUNNING, seen(slot("quarantined")))
    assert (after.observed_state, after.trader_state, after.observed_generation) == ("quarantined", "running", 4)
    assert after.slot is not None
    assert "snapshot" not in after.slot


def test_an_older_assignment_tells_nothing() -> None:
    assert apply(FRESH, Wanted("running", 2), seen(slot(epoch=1))) == FRESH


def test_a_silent_agent_makes_the_state_unknown_and_keeps_the_rest() -> None:
    running = apply(apply(FRESH, RUNNING, seen(slot())), RUNNING, SnapshotSeen("b", NOW, snapshot(as_of=NOW)))
    silent = apply(running, RUNNING, unreachable())
    assert silent.observed_state == "unknown"
    assert (silent.slot, silent.snapshot, silent.trader_state) == (running.slot, running.snapshot, "running")
    assert apply(silent, RUNNING, seen(slot())) == running


def test_a_bot_that_never_had_a_slot_stays_pending_under_a_silent_agent() -> None:
    after = apply(FRESH, RUNNING, unreachable())
    assert after.observed_state == "pending"
    assert types(after) == {"AgentUnreachable"}


def test_a_condition_keeps_the_time_it_began() -> None:
    first = apply(FRESH, RUNNING, unreachable(NOW))
    later = apply(first, RUNNING, unreachable(NOW + timedelta(minutes=1)))
    assert later.conditions[0].since == NOW
    assert apply(later, RUNNING, ConditionCleared("b", NOW, ConditionType.AGENT_UNREACHABLE)) == FRESH


def test_conditions_of_the_agent_replace_each_other_and_leave_ours() -> None:
    crash = Condition(type=ConditionType.CRASH_LOOPING, message="m", since=NOW)
    ours = apply(FRESH, RUNNING, ConditionSet("b", NOW, ConditionType.TEMPLATE_BROKEN, "Gone."))
    both = apply(ours, RUNNING, seen(slot("starting", conditions=[crash])))
    assert types(both) == {"CrashLooping", "TemplateBroken"}
    assert types(apply(both, RUNNING, seen(slot()))) == {"TemplateBroken"}


@pytest.mark.parametrize(("desired", "state"), [("running", "pending"), ("paused", "pending"), ("stopped", "stopped")])
def test_without_a_slot_the_wish_tells_the_state(desired: str, state: str) -> None:
    gone = apply(apply(FRESH, RUNNING, seen(slot())), Wanted(desired, 1), SlotAbsent("b", NOW))
    assert (gone.observed_state, gone.slot, gone.trader_state) == (state, None, None)


def test_a_broken_template_without_a_slot_is_a_failure() -> None:
    broken = ConditionSet("b", NOW, ConditionType.TEMPLATE_BROKEN, "Gone.")
    assert apply(FRESH, RUNNING, broken).observed_state == "failed"


def test_a_snapshot_from_the_future_keeps_no_later_one_out_and_ages_from_its_arrival() -> None:
    future = apply(FRESH, RUNNING, SnapshotSeen("b", NOW, snapshot("1100", NOW + timedelta(days=1))))
    assert future.snapshot_at == NOW
    later = NOW + timedelta(seconds=5)
    mended = apply(future, RUNNING, SnapshotSeen("b", later, snapshot("900", later)))
    assert (mended.snapshot_at, mended.snapshot) == (later, snapshot("900", later).model_dump(mode="json"))


def test_the_same_snapshot_told_again_did_not_arrive_anew() -> None:
    told = apply(FRESH, RUNNING, SnapshotSeen("b", NOW, snapshot(as_of=NOW)))
    later = NOW + timedelta(minutes=1)
    again = apply(told, RUNNING, SnapshotSeen("b", later, snapshot(as_of=NOW)))
    assert (again.snapshot_at, again.last_seen_at) == (NOW, later)


def test_a_listing_that_was_overtaken_by_the_stream_takes_no_snapshot_back() -> None:
    newer = apply(FRESH, RUNNING, SnapshotSeen("b", NOW, snapshot("1100", NOW)))
    listed = slot().model_copy(update={"snapshot": snapshot("900", NOW - timedelta(seconds=5))})
    assert apply(newer, RUNNING, seen(listed)).snapshot == newer.snapshot
    listed = slot().model_copy(update={"snapshot": snapshot("900", NOW + timedelta(seconds=5))})
    assert apply(newer, RUNNING, seen(listed)).snapshot != newer.snapshot


def reported(state: str, seconds: float, run_id: str = "r") -> Slot:
    """A slot whose bot is in this state of FreqTrade by a report of `seconds` after NOW."""
    at = NOW + timedelta(seconds=seconds)
    return slot(state).model_copy(update={"trader_state": state, "run_id": run_id, "last_report_at": at})


def test_a_look_that_the_stream_overtook_does_not_pause_a_bot_again_that_was_resumed() -> None:
    paused = apply(FRESH, Wanted("paused", 1), seen(reported("paused", 0)))
    resumed = apply(paused, RUNNING, SlotSeen("b", NOW, reported("running", 2), streamed=True))
    assert apply(resumed, RUNNING, seen(reported("paused", 1))) == resumed
    assert (resumed.observed_state, resumed.trader_state) == ("running", "running")
    for later in (reported("paused", 2), reported("paused", 3), reported("starting", 1, run_id="another run")):
        assert apply(resumed, RUNNING, seen(later)).trader_state == later.trader_state
    assert apply(resumed, RUNNING, seen(reported("failed", 1))).observed_state == "failed", "it reports no more"
    without_report = reported("starting", 0).model_copy(update={"last_report_at": None})
    assert apply(resumed, RUNNING, seen(without_report)).observed_state == "starting", "an agent that began anew"


def test_a_clock_that_was_set_back_keeps_nothing_out_for_long() -> None:
    running = apply(FRESH, RUNNING, SlotSeen("b", NOW, reported("running", 3600), streamed=True))
    assert apply(running, RUNNING, SlotSeen("b", NOW, reported("paused", 3599), streamed=True)).trader_state == "paused"
    assert apply(running, RUNNING, seen(reported("paused", 0))).trader_state == "paused"


def test_restarts_only_count_up() -> None:
    done = apply(replace(FRESH, restart_done=3), RUNNING, RestartDone("b", NOW, 2))
    assert done.restart_done == 3
