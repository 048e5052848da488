"""Slots change only once that is on disk, whatever else happens to them meanwhile."""

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from unittest.mock import Mock

import pytest

from pool.agent import table
from pool.agent.bot_link import BotConnection
from pool.agent.facts import SlotFacts
from pool.agent.files import bot_directory
from pool.agent.keeper import Keeper
from pool.agent.problems import Refused
from pool.agent.ring import EventRing
from pool.agent.store import StoredSlots, load
from pool.contract.errors import AgentErrorCode
from pool.contract.frames import Exited, Fork, Forked, ForkFailed
from pool.contract.waking import WakingState
from tests.support import eventually
from tests.unit.agent.builders import AT, LIMITS, beat, make_spec
from tests.unit.portfolio.builders import snapshot, trade


def put(facts: SlotFacts | None) -> SlotFacts:
    return table.put(facts, "bot", make_spec())


def delete(facts: SlotFacts | None) -> SlotFacts:
    assert facts is not None
    return table.delete(facts)


async def test_a_slot_that_went_while_it_was_saved_does_not_come_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second DELETE is being saved when the process of the first one ends: no ghost of the slot stays."""
    keeper = Keeper(tmp_path, LIMITS, EventRing("now", 100), StoredSlots(), lambda frame: None)
    keeper.apply(await keeper.change("bot", put))
    entry = keeper.entries["bot"]
    assert entry.run_id is not None
    keeper.init_said(Forked(run_id=entry.run_id, pid=4_000_000, milliseconds=1))
    keeper.apply(await keeper.change("bot", delete))
    ended = Exited(run_id=entry.run_id, pid=4_000_000, status=0, at=AT)
    _while_saving(keeper, monkeypatch, lambda: keeper.init_said(ended))
    with pytest.raises(Refused) as refused:
        await keeper.change("bot", delete)
    assert refused.value.code is AgentErrorCode.SLOT_NOT_FOUND
    assert keeper.entries == {}
    assert keeper.taken == 0


async def test_last_words_are_heard_before_an_exit_is_recorded(tmp_path: Path) -> None:
    """The kernel tells of the end at once; what the bot sent before may still be unread."""
    keeper = Keeper(tmp_path, LIMITS, EventRing("now", 100), StoredSlots(), lambda frame: None)
    keeper.apply(await keeper.change("bot", put))
    entry = keeper.entries["bot"]
    assert entry.run_id is not None
    keeper.init_said(Forked(run_id=entry.run_id, pid=4_000_000, milliseconds=1))
    entry.connection = connection = BotConnection(Mock())
    keeper.init_said(Exited(run_id=entry.run_id, pid=4_000_000, status=1, at=AT))
    assert entry.facts.run is not None
    connection.ended.set()
    await eventually(lambda: entry.facts.run is None, message="the exit is recorded")


class Starting:
    """A keeper of ten bots that are wanted; two may start at a time."""

    def __init__(self, directory: Path, stored: StoredSlots | None = None) -> None:
        self.forked: list[str] = []
        limits = replace(LIMITS, starts_at_once=2)
        self.keeper = Keeper(directory, limits, EventRing("now", 100), stored or StoredSlots(), self._send)

    async def begin(self) -> None:
        for number in range(10):
            bot_id = f"bot-{number}"
            self.keeper.apply(await self.keeper.change(bot_id, partial(table.put, bot_id=bot_id, spec=make_spec())))

    def beat(self, number: int, **changes: object) -> None:
        entry = self.keeper.entries[f"bot-{number}"]
        entry.facts = beat(entry.facts, time.monotonic(), **changes)
        self.keeper.apply(entry)

    def _send(self, frame: object) -> None:
        if isinstance(frame, Fork):
            self.forked.append(frame.bot_id)


async def test_few_bots_start_at_a_time_and_the_next_when_one_has_looped(tmp_path: Path) -> None:
    starting = Starting(tmp_path)
    await starting.begin()
    starting.keeper.tick()
    assert starting.forked == ["bot-0", "bot-1"]
    starting.beat(1, phase="booting")
    starting.keeper.tick()
    starting.beat(1)
    starting.keeper.tick()
    assert len(starting.forked) == 2, "its first loop is to come"
    starting.beat(1, waking=WakingState(mode="on_need", reasons=[], since=AT))
    await eventually(lambda: starting.forked == ["bot-0", "bot-1", "bot-2"])
    await starting.keeper.change("bot-2", delete)
    run_id = starting.keeper.entries["bot-2"].run_id
    assert run_id is not None
    starting.keeper.init_said(ForkFailed(run_id=run_id, message="withdrawn"))
    await eventually(lambda: starting.forked[3:] == ["bot-3"], message="one that ended starts no longer")


async def test_bots_that_failed_lately_start_after_all_others(tmp_path: Path) -> None:
    """An exchange that is down keeps no bot of another one."""
    starting = Starting(tmp_path)
    await starting.begin()
    for number in (2, 3):
        entry = starting.keeper.entries[f"bot-{number}"]
        entry.facts = replace(entry.facts, delays=1)
    for started, number in enumerate((0, 1, 4, 5, 6, 7, 8, 9), start=3):
        starting.beat(number, waking=WakingState(mode="on_need", reasons=[], since=AT))
        starting.keeper.tick()
        assert len(starting.forked) == started
    assert starting.forked == [f"bot-{number}" for number in (0, 1, 4, 5, 6, 7, 8, 9, 2, 3)]


async def test_bots_with_open_trades_start_before_all_others(tmp_path: Path) -> None:
    """Of a pool that comes back the agent knows nothing but what bots left on disk."""
    before = Starting(tmp_path)
    await before.begin()
    _leave_trades(tmp_path)
    starting = Starting(tmp_path, load(tmp_path / "slots.json"))
    await starting.keeper.look_for_open_trades()
    starting.keeper.tick()
    assert starting.forked == ["bot-6", "bot-8"]
    starting.beat(6, waking=WakingState(mode="on_need", reasons=[], since=AT))
    await eventually(lambda: starting.forked[2:] == ["bot-0"])


async def test_bots_that_came_with_open_trades_start_before_all_that_wait(tmp_path: Path) -> None:
    """From another pool: their directories were there before their slots."""
    _leave_trades(tmp_path)
    starting = Starting(tmp_path)
    await starting.begin()
    for number in (0, 1):
        starting.beat(number, waking=WakingState(mode="on_need", reasons=[], since=AT))
    await eventually(lambda: starting.forked == ["bot-0", "bot-1", "bot-6", "bot-8"])


def _leave_trades(pool: Path) -> None:
    """Open ones of the bots 6 and 8."""
    for number, trades in ((2, "(1, 0)"), (6, "(1, 0), (2, 1)"), (8, "(1, 1)")):
        directory = bot_directory(pool, f"bot-{number}")
        directory.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(directory / "tradesv3.sqlite")) as database, database:
            database.execute("CREATE TABLE trades (id INTEGER, is_open BOOLEAN)")
            database.execute(f"INSERT INTO trades VALUES {trades}")


async def test_bots_that_reported_open_trades_start_before_those_that_reported_none(tmp_path: Path) -> None:
    starting = Starting(tmp_path)
    await starting.begin()
    for number in range(2, 10):
        told = snapshot(open_trades=[trade()] if number == 5 else [])
        starting.keeper.entries[f"bot-{number}"].snapshot = told
    starting.beat(0, waking=WakingState(mode="on_need", reasons=[], since=AT))
    await eventually(lambda: starting.forked == ["bot-0", "bot-1", "bot-5"])


async def test_a_start_that_takes_long_holds_up_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    starting = Starting(tmp_path)
    await starting.begin()
    late = time.monotonic() + table.STARTING_SECONDS
    monkeypatch.setattr("pool.agent.keeper.time.monotonic", lambda: late)
    starting.keeper.tick()
    assert starting.forked == [f"bot-{number}" for number in range(4)]


def _while_saving(keeper: Keeper, monkeypatch: pytest.MonkeyPatch, happening: Callable[[], None]) -> None:
    save = keeper._store.save
    left = [happening]

    async def save_late() -> None:
        if left:
            left.pop()()
        await save()

    monkeypatch.setattr(keeper._store, "save", save_late)
