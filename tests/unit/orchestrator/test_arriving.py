"""Bots whose parcels wait: what the plan does about them, rule by rule."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from orchestrator.reconcile.actions import Action, Arrival, Assign, Intent, Memory, Moving, PoolView, SlotView, TakeIn
from orchestrator.reconcile.plan import plan
from tests.unit.orchestrator.test_plan import RUNS, intent, view

PARCEL = Arrival("bot.parcel", epoch=5)
COMES = replace(intent(epoch=6), arrival=PARCEL)


def planned(wanted: Intent, *views: PoolView, memory: Memory | None = None) -> list[Action]:
    return plan([wanted], views or [view()], {}, memory or Memory())


def test_it_is_taken_in_under_an_epoch_above_the_old_home_s() -> None:
    assert planned(replace(COMES, epoch=5)) == [Assign("bot", "pool", above=5)]
    assert planned(COMES) == [TakeIn("bot", "pool", 6)]


def test_a_home_for_it_is_found_first() -> None:
    assert planned(replace(COMES, epoch=4, pool_id=None)) == [Assign("bot", "pool")]


@pytest.mark.parametrize("wanted", [replace(COMES, awaits=True), replace(COMES, arrival=None, awaits=True)])
@pytest.mark.parametrize("pool_id", ["pool", None])
def test_without_a_parcel_that_can_be_used_nothing_starts_it(wanted: Intent, pool_id: str | None) -> None:
    assert planned(replace(wanted, pool_id=pool_id)) == []


@pytest.mark.parametrize(
    "views",
    [
        [PoolView("pool", None)],
        [view(listed_at=0.5)],
        [view(), view(SlotView(1, "stopped", "stopped"), pool_id="other")],
    ],
    ids=["its pool is silent", "its pool was listed before", "it is in another pool"],
)
def test_it_is_not_taken_in_where_that_is_not_known_to_be_right(views: list[PoolView]) -> None:
    assert planned(COMES, *views, memory=Memory(settled_at={"bot": 0.7})) == []


def test_a_bot_that_has_its_slot_goes_on_as_if_there_were_no_parcel() -> None:
    late = replace(intent(), arrival=PARCEL)
    assert planned(late, view(RUNS)) == planned(intent(), view(RUNS)) != []


def test_a_bot_whose_move_was_under_way_is_taken_in_first() -> None:
    moving = Moving("pool", "other", 6, datetime.now(UTC), "stopping")
    assert planned(replace(COMES, moving=moving), view(), view(pool_id="other")) == [TakeIn("bot", "pool", 6)]


def test_a_stopped_bot_is_left_alone() -> None:
    assert planned(replace(COMES, desired="stopped")) == []
