"""What heartbeats lead to: at once, or at the next tick."""

import time
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import pytest

from pool.agent.bot_link import BotConnection
from pool.agent.entry import Entry
from pool.agent.keeper import Keeper
from pool.agent.reception import Reception
from pool.agent.ring import EventRing
from pool.agent.store import StoredSlots
from pool.agent.taken import Taken
from pool.contract.frames import Heartbeat
from pool.contract.slots import ConditionType, ObservedState
from tests.unit.agent.builders import AT, LIMITS, connected


class Heard:
    """A bot that runs and is connected, and its agent."""

    def __init__(self, directory: Path) -> None:
        self.keeper = Keeper(directory, LIMITS, EventRing("now", 100), StoredSlots(), lambda _frame: None)
        self.entry = self.keeper.entries["bot"] = Entry(connected(time.monotonic()))
        self.entry.connection = BotConnection(Mock())
        self.taken = Taken()
        self._reception = Reception(self.keeper, Mock(), Mock(), Mock(), self.taken)
        self.beat()

    def beat(self, **changes: object) -> None:
        told = {"at": AT, "phase": "running", "trader_state": "running", "progress": 1, "patience_seconds": 10}
        more = {"observed_generation": 1, "paused_by_flotilla": False, "flat": None}
        assert self.entry.connection is not None
        self._reception.bot_said("bot", "run", Heartbeat.model_validate(told | more | changes), self.entry.connection)

    def silent_for(self, seconds: float) -> None:
        run = self.entry.facts.run
        assert run is not None
        self.entry.facts = self.entry.facts.with_run(replace(run, heartbeat_at=run.heartbeat_at - seconds))


@pytest.fixture
def heard(tmp_path: Path) -> Heard:
    return Heard(tmp_path)


def published(entry: Entry) -> tuple[ObservedState, list[ConditionType]]:
    assert entry.published is not None
    return entry.published.observed_state, [condition.type for condition in entry.published.conditions]


async def test_what_a_heartbeat_changes_is_told_at_once(heard: Heard) -> None:
    assert published(heard.entry) == (ObservedState.RUNNING, [])
    heard.beat(trader_state="paused")
    assert published(heard.entry) == (ObservedState.PAUSED, [])


async def test_what_it_took_from_mapped_candles_counts_for_its_exchange(heard: Heard) -> None:
    heard.beat(candles_taken=3)
    heard.beat(candles_taken=5)
    assert heard.taken.take() == {heard.entry.facts.spec.exchange: 5}


async def test_life_alone_costs_no_look_and_counts_nevertheless(heard: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    before, looked = heard.entry.facts.run, Mock(wraps=heard.keeper.apply)
    monkeypatch.setattr(heard.keeper, "apply", looked)
    heard.beat(progress=2)
    run = heard.entry.facts.run
    assert not looked.called
    assert before is not None
    assert run is not None
    assert run.heartbeat_at > before.heartbeat_at
    assert run.progress_at > before.progress_at
    assert heard.entry.last_report_at is not None


async def test_a_bot_that_was_silent_is_told_to_report_again_at_once(heard: Heard) -> None:
    heard.silent_for(6)
    heard.keeper.tick()
    assert published(heard.entry)[1] == [ConditionType.NOT_REPORTING]
    heard.beat()
    assert published(heard.entry)[1] == []


async def test_a_bot_whose_heartbeats_ended_is_found_by_the_tick(heard: Heard) -> None:
    heard.beat()
    heard.silent_for(41)
    heard.keeper.tick()
    assert heard.entry.facts.run is not None
    assert heard.entry.facts.run.ending == "hung"
    assert published(heard.entry)[0] is ObservedState.STARTING
