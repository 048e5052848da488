"""Roll-outs of versions, step by step: a canary, the others, and back where one does not come up."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from orchestrator.strategies.rollout import (
    ABORT,
    FIT,
    BotFacts,
    Leg,
    Limits,
    Phase,
    Pin,
    Progress,
    State,
    VersionFacts,
    advance,
)

LIMITS = Limits(start_seconds=100, settle_seconds=10)
START = datetime(2026, 11, 21, tzinfo=UTC)


class Fleet:
    """Bots that do as they are told, one step after another."""

    def __init__(self, *names: str) -> None:
        well = BotFacts("v1", "running", "running", 1, 1, None, START, open_trades=2)
        self.bots = dict.fromkeys(names, well)
        self.now = START
        self.progress = Progress(State.RUNNING, "v2", [Leg(bot_id=name) for name in names])
        self.pins: list[Pin] = []
        self.broken: set[str] = set()
        self.version = FIT

    def set(self, name: str, **changes: object) -> None:
        self.bots[name] = replace(self.bots[name], **changes)  # type: ignore[arg-type]

    def step(self, seconds: float = 0) -> None:
        self.now += timedelta(seconds=seconds)
        step = advance(self.progress, self.bots, self.now, LIMITS, self.version)
        self.progress = step.progress
        for pin in step.acts:
            self.pins.append(pin)
            bot = self.bots[pin.bot_id]
            self.bots[pin.bot_id] = replace(bot, version_id=pin.version_id, generation=bot.generation + 1)

    def take_over(self, name: str) -> None:
        """The bot has what it was told last, and reports."""
        self.set(name, observed_generation=self.bots[name].generation, reported_at=self.now + timedelta(seconds=1))
        self.now += timedelta(seconds=2)

    def phases(self) -> dict[str, Phase]:
        return {leg.bot_id: leg.phase for leg in self.progress.legs}

    def finish(self, name: str) -> None:
        self.take_over(name)
        self.step()
        self.step(11)


def test_one_after_another_the_one_with_least_at_stake_first() -> None:
    fleet = Fleet("a", "b", "c")
    fleet.set("b", open_trades=0)
    fleet.step()
    assert [pin.bot_id for pin in fleet.pins] == ["b"]
    fleet.step(50)
    assert len(fleet.pins) == 1, "nobody follows before the canary is well"
    fleet.finish("b")
    fleet.step()
    fleet.finish("a")
    fleet.step()
    fleet.finish("c")
    fleet.step()
    assert [pin.bot_id for pin in fleet.pins] == ["b", "a", "c"]
    assert fleet.progress.state == State.DONE
    assert not any(pin.back for pin in fleet.pins)


def test_a_bot_has_to_stay_well_for_a_while() -> None:
    fleet = Fleet("a")
    fleet.step()
    fleet.take_over("a")
    fleet.step()
    fleet.set("a", observed="starting")
    fleet.step(5)
    fleet.set("a", observed="running")
    fleet.step(6)
    assert fleet.phases()["a"] == Phase.TRIAL
    fleet.step(11)
    assert fleet.phases()["a"] == Phase.DONE


@pytest.mark.parametrize("how", ["condition", "time"])
def test_the_canary_that_does_not_come_up_goes_back_and_stops_everything(how: str) -> None:
    fleet = Fleet("a", "b")
    fleet.step()
    if how == "condition":
        fleet.take_over("a")
        fleet.set("a", problem="Its strategy cannot be loaded.")
        fleet.step()
    else:
        fleet.set("a", observed="starting")
        fleet.step(101)
    assert fleet.progress.state == State.STOPPED
    assert [(pin.bot_id, pin.version_id, pin.back) for pin in fleet.pins] == [("a", "v2", False), ("a", "v1", True)]
    assert fleet.phases() == {"a": Phase.BACK, "b": Phase.WAITING}
    assert "went back" in (fleet.progress.problem or "")
    fleet.step(1000)
    assert len(fleet.pins) == 2


def test_trouble_of_before_the_new_version_is_in_force_is_not_its_fault() -> None:
    fleet = Fleet("a")
    fleet.step()
    fleet.set("a", problem="It crashes.")
    fleet.step()
    assert fleet.phases()["a"] == Phase.TRIAL


def test_a_bot_in_trouble_before_is_given_it_and_not_judged() -> None:
    fleet = Fleet("a", "b")
    fleet.set("a", problem="It crashes.")
    fleet.step()
    assert fleet.pins[0].bot_id == "b"
    fleet.finish("b")
    fleet.step()
    fleet.take_over("a")
    fleet.step()
    assert (fleet.phases()["a"], fleet.progress.legs[0].problem) == (Phase.DONE, "It crashes.")
    fleet.step()
    assert fleet.progress.state == State.DONE


def test_a_stopped_bot_is_not_waited_for() -> None:
    fleet = Fleet("a")
    fleet.set("a", desired="stopped", observed="stopped")
    fleet.step()
    fleet.step()
    assert (fleet.progress.state, len(fleet.pins)) == (State.DONE, 1)


def test_what_its_user_does_meanwhile_counts() -> None:
    fleet = Fleet("a", "b", "c")
    fleet.step()
    fleet.set("a", version_id="v3")
    del fleet.bots["b"]
    fleet.step()
    fleet.step()
    assert fleet.phases() == {"a": Phase.LEFT, "b": Phase.LEFT, "c": Phase.TRIAL}


def test_aborting_brings_back_the_one_under_way_alone() -> None:
    fleet = Fleet("a", "b", "c")
    fleet.step()
    fleet.finish("a")
    fleet.step()
    fleet.progress.wish = ABORT
    fleet.step()
    assert fleet.progress.state == State.ABORTED
    assert fleet.phases() == {"a": Phase.DONE, "b": Phase.BACK, "c": Phase.WAITING}
    assert {name: bot.version_id for name, bot in fleet.bots.items()} == {"a": "v2", "b": "v1", "c": "v1"}


def test_bots_whose_agent_starts_anew_are_waited_for_and_judged() -> None:
    fleet = Fleet("a", "b")
    for name in ("a", "b"):
        fleet.set(name, observed="unknown")
    fleet.step()
    fleet.step(50)
    assert fleet.pins == []
    fleet.set("b", observed="running")
    fleet.step()
    assert [pin.bot_id for pin in fleet.pins] == ["b"]
    fleet.take_over("b")
    fleet.set("b", problem="Its strategy cannot be loaded.")
    fleet.step()
    assert (fleet.progress.state, fleet.bots["a"].version_id) == (State.STOPPED, "v1")


def test_one_that_stays_neither_well_nor_in_trouble_is_given_it_and_judged() -> None:
    fleet = Fleet("a")
    fleet.set("a", observed="starting")
    fleet.step()
    fleet.step(101)
    fleet.step(101)
    assert [(pin.version_id, pin.back) for pin in fleet.pins] == [("v2", False), ("v1", True)]


def test_time_in_which_nobody_knows_does_not_count() -> None:
    fleet = Fleet("a")
    fleet.step()
    fleet.set("a", observed="unknown")
    fleet.step(1)
    fleet.step(1000)
    fleet.set("a", observed="starting")
    fleet.step()
    assert fleet.phases()["a"] == Phase.TRIAL
    fleet.set("a", observed="running")
    fleet.finish("a")
    assert fleet.phases()["a"] == Phase.DONE


def test_a_version_that_may_not_be_given_any_more_goes_to_no_further_bot() -> None:
    fleet = Fleet("a", "b")
    fleet.step()
    fleet.version = VersionFacts(refused="Version 2 did not pass its check.")
    fleet.finish("a")
    fleet.step()
    assert (fleet.progress.state, fleet.progress.problem) == (State.STOPPED, "Version 2 did not pass its check.")
    assert fleet.phases() == {"a": Phase.DONE, "b": Phase.WAITING}


def test_a_check_under_way_is_waited_for() -> None:
    fleet = Fleet("a")
    fleet.version = VersionFacts(is_checked=False)
    fleet.step()
    fleet.step(1000)
    assert (fleet.progress.state, fleet.pins) == (State.RUNNING, [])
    fleet.version = FIT
    fleet.step()
    assert len(fleet.pins) == 1


def test_a_bot_that_was_away_long_ago_is_waited_for_again() -> None:
    fleet = Fleet("a", "b")
    for observed in ("unknown", "running"):
        for name in ("a", "b"):
            fleet.set(name, observed=observed)
        fleet.step(1)
    fleet.take_over("a")
    fleet.step()
    fleet.set("b", observed="unknown")
    fleet.step(1000)
    fleet.step()
    assert fleet.phases() == {"a": Phase.DONE, "b": Phase.WAITING}
