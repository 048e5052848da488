"""Slots change only once that is on disk, whatever else happens to them meanwhile."""

from collections.abc import Callable
from pathlib import Path
from unittest.mock import Mock

import pytest

from pool.agent import table
from pool.agent.bot_link import BotConnection
from pool.agent.facts import SlotFacts
from pool.agent.keeper import Keeper
from pool.agent.problems import Refused
from pool.agent.ring import EventRing
from pool.agent.store import StoredSlots
from pool.contract.errors import AgentErrorCode
from pool.contract.frames import Exited, Forked
from tests.support import eventually
from tests.unit.agent.builders import AT, LIMITS, make_spec


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


def _while_saving(keeper: Keeper, monkeypatch: pytest.MonkeyPatch, happening: Callable[[], None]) -> None:
    save = keeper._store.save
    left = [happening]

    async def save_late() -> None:
        if left:
            left.pop()()
        await save()

    monkeypatch.setattr(keeper._store, "save", save_late)
