"""What the plan does about a bot that is being moved, rule by rule."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from orchestrator.reconcile.actions import (
    DELETED,
    Action,
    Assign,
    CopyBot,
    DeleteSlot,
    EndMove,
    Intent,
    MarkDeleted,
    Memory,
    Moving,
    PoolView,
    Put,
    PutSlot,
    SlotView,
    TellMove,
)
from orchestrator.reconcile.plan import plan

MOVING = Moving("source", "target", 4, datetime.now(UTC), "stopping")
STOP = Put("source", 5, 1, "stopped", "keep", "c")
AT_REST = SlotView(5, "stopped", "stopped")
RUNS = SlotView(4, "running", "running")


def intent(moving: Moving | None = MOVING, **changes: Any) -> Intent:
    arrived = moving is not None and moving.arrived
    values: dict[str, Any] = {
        "bot_id": "bot",
        "pool_id": "target" if arrived else "source",
        "epoch": 6 if arrived else 4,
        "generation": 1,
        "desired": "running",
        "open_trades": "keep",
        "content": "c",
    }
    return Intent(**{**values, **changes}, moving=moving)


def step(
    wanted: Intent,
    source: SlotView | str | None = None,
    target: SlotView | str | None = None,
    memory: Memory | None = None,
    *,
    ready: bool = True,
    full: bool = False,
) -> Action | None:
    """The one action. Of a pool the bot's slot, None for none, `silent` for an agent that does not answer."""
    views = [
        PoolView("source", _slots(source), 1.0),
        PoolView("target", _slots(target), 1.0, ready=ready, full=full),
    ]
    actions = plan([wanted], views, {}, memory or Memory())
    assert len(actions) <= 1
    return actions[0] if actions else None


def _slots(slot: SlotView | str | None) -> dict[str, SlotView] | None:
    if isinstance(slot, str):
        return None
    return {} if slot is None else {"bot": slot}


def test_the_source_is_told_to_stop_it_whatever_its_user_wants() -> None:
    for desired in ("running", "paused", "stopped"):
        for slot in (RUNS, replace(RUNS, epoch=3), None, SlotView(5, "running", "running")):
            assert step(intent(desired=desired, open_trades="flatten"), slot) == PutSlot(
                "bot", "source", replace(STOP, open_trades="keep")
            )


def test_it_is_copied_only_once_it_is_seen_at_rest() -> None:
    assert step(intent(), SlotView(5, "stopped", "stopping")) is None
    assert step(intent(), AT_REST) == CopyBot("bot", "source", MOVING)
    assert step(intent(), AT_REST, memory=Memory(settled_at={"bot": 2.0})) is None, "an older listing proves nothing"
    assert step(intent(), AT_REST, memory=Memory(busy=frozenset({"bot"}))) is None


def test_it_trades_on_until_the_target_is_ready() -> None:
    known = Memory(acknowledged={"bot": Put("source", 4, 1, "running", "keep", "c")})
    for target in (None, "silent"):
        told = step(intent(), RUNS, target, known, ready=target == "silent")
        assert isinstance(told, TellMove)
        assert "not ready" in str(told.problem)
    paused = intent(desired="paused")
    assert step(paused, RUNS, None, known, ready=False) == PutSlot(
        "bot", "source", Put("source", 4, 1, "paused", "keep", "c")
    )
    assert step(intent(), AT_REST, None, ready=False) == CopyBot("bot", "source", MOVING), "who stopped goes on"


def test_it_trades_on_while_the_target_is_full_and_never_belongs_to_a_full_one() -> None:
    known = Memory(acknowledged={"bot": Put("source", 4, 1, "running", "keep", "c")})
    told = step(intent(), RUNS, None, known, full=True)
    assert isinstance(told, TellMove)
    assert "no free slot; until then the bot trades on" in str(told.problem)
    told = step(intent(), AT_REST, None, full=True)
    assert isinstance(told, TellMove), "it is at rest, and given up after a while"
    assert "no free slot" in str(told.problem)
    stale = SlotView(1, "stopped", "stopped")
    assert step(intent(), AT_REST, stale, full=True) == DeleteSlot("bot", "target", 1), "its own old slot makes room"


def test_a_move_of_the_backup_ends_where_its_bot_has_long_been_elsewhere() -> None:
    arrived = SlotView(6, "running", "running")
    assert step(intent(), None, arrived) == EndMove("bot", MOVING)
    assert step(intent(), AT_REST, arrived) == EndMove("bot", MOVING)
    assert step(intent(None), None, arrived) == Assign("bot", "target", above=6, leaves="source", adopts=True)
    cleaning = replace(MOVING, phase="cleaning")
    back = SlotView(8, "running", "running")
    assert step(intent(cleaning), back, None) == EndMove("bot", cleaning)


def test_what_is_in_the_way_is_told_once() -> None:
    told = step(intent(), "silent")
    assert isinstance(told, TellMove)
    assert "source" in str(told.problem)
    again = replace(MOVING, problem=told.problem)
    assert step(intent(again), "silent") is None
    failed = Memory(resting=frozenset({"bot"}), failures={"bot": "The disk is full."})
    assert step(intent(), AT_REST, memory=failed) == TellMove("bot", MOVING, "The disk is full.")


def test_its_deletion_and_a_foreign_assignment_end_the_move() -> None:
    assert step(intent(desired=DELETED), RUNS) == EndMove("bot", MOVING)
    assert step(intent(epoch=9), RUNS) == EndMove("bot", MOVING)
    assert step(intent(), SlotView(8, "running", "running")) == EndMove("bot", MOVING)


def test_moves_of_a_restored_database_end_where_the_agent_knows_better() -> None:
    later = replace(RUNS, generation=9)
    assert step(intent(), later, None, ready=False) == EndMove("bot", MOVING), "it gets a higher epoch first"
    assert step(intent(), replace(later, epoch=5)) == EndMove("bot", MOVING), "its stop would be refused"
    assert step(intent(CLEANING), AT_REST, replace(HERE, generation=9)) == Assign("bot", "target", above=6)


def test_a_bot_that_its_source_does_not_hand_over_waits_for_whoever_asked() -> None:
    refused = replace(MOVING, phase="refused", problem="It is too large.")
    assert step(intent(refused), AT_REST) is None
    assert step(intent(refused, desired=DELETED), AT_REST) == EndMove("bot", refused)


def test_a_target_that_is_gone_for_good_ends_the_move_so_that_the_bot_trades_on() -> None:
    views = [PoolView("source", {"bot": AT_REST}, 1.0)]
    assert plan([intent()], views, {}, Memory()) == [EndMove("bot", MOVING)]


def test_after_it_was_abandoned_the_source_takes_it_under_a_higher_epoch() -> None:
    (action,) = plan([intent(None)], [PoolView("source", {"bot": AT_REST}, 1.0)], {}, Memory())
    assert (type(action).__name__, getattr(action, "above", None)) == ("Assign", 5)


CLEANING = replace(MOVING, phase="cleaning")
HERE = SlotView(6, "running", "running")
KNOWN = Memory(acknowledged={"bot": Put("target", 6, 1, "running", "keep", "c")})


def test_the_target_has_it_before_the_source_gives_it_up() -> None:
    put = PutSlot("bot", "target", Put("target", 6, 1, "running", "keep", "c"))
    assert step(intent(CLEANING), AT_REST) == put
    assert step(intent(CLEANING), "silent") == put, "a source that is gone holds up nothing"
    assert step(intent(CLEANING), AT_REST, HERE, KNOWN) == DeleteSlot("bot", "source", 5)
    assert step(intent(CLEANING), None, HERE, KNOWN) == EndMove("bot", CLEANING)
    told = step(intent(CLEANING), "silent", HERE, KNOWN)
    assert isinstance(told, TellMove)


def test_one_that_arrived_in_a_pool_that_is_full_after_all_says_what_to_do_and_tries_again() -> None:
    resting = Memory(resting=frozenset({"bot"}), failures={"bot": "all 5 slots of this pool are taken"})
    told = step(intent(CLEANING), AT_REST, None, resting, full=True)
    assert isinstance(told, TellMove)
    assert "delete a bot there or move one away" in str(told.problem)
    assert isinstance(step(intent(CLEANING), AT_REST, None, full=True), PutSlot)


def test_nothing_goes_at_the_source_while_the_target_is_silent() -> None:
    told = step(intent(CLEANING), AT_REST, "silent")
    assert isinstance(told, TellMove)


def test_a_stopped_or_broken_bot_gets_a_slot_where_its_directory_is() -> None:
    stopped = Put("target", 6, 1, "stopped", "keep", "c")
    assert step(intent(CLEANING, desired="stopped"), AT_REST) == PutSlot("bot", "target", stopped)
    assert step(intent(CLEANING, broken=True), AT_REST) == PutSlot("bot", "target", stopped)


def test_deleted_after_it_arrived_it_is_deleted_there_first() -> None:
    gone = intent(CLEANING, desired=DELETED)
    assert step(gone, AT_REST) == DeleteSlot("bot", "target", 6)
    assert step(gone, AT_REST, HERE) == DeleteSlot("bot", "target", 6)
    assert step(gone, AT_REST, None, Memory(dismissed={"bot": "target"})) == MarkDeleted("bot")
