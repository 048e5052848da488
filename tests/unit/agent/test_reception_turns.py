"""Bots ask for their turn over their connection; one that breaks off keeps nobody waiting."""

from pathlib import Path
from unittest.mock import Mock

import pytest

from pool.agent import table
from pool.agent.bot_link import BotConnection
from pool.agent.keeper import Keeper
from pool.agent.reception import Reception
from pool.agent.ring import EventRing
from pool.agent.store import StoredSlots
from pool.agent.turns import Turns
from pool.contract.frames import TurnFrame, TurnGivenFrame
from pool.contract.model import Wire
from tests.unit.agent.builders import AT, LIMITS, make_spec


class Connection(BotConnection):
    def __init__(self) -> None:
        super().__init__(Mock())
        self.sent: list[Wire] = []

    def send(self, frame: Wire) -> None:
        self.sent.append(frame)


@pytest.fixture
async def bots(tmp_path: Path) -> tuple[Reception, dict[str, tuple[str, Connection]]]:
    keeper = Keeper(tmp_path, LIMITS, EventRing("now", 100), StoredSlots(), lambda _: None)
    reception = Reception(keeper, Mock(), Mock(), Turns(1), Mock())
    connected = {}
    for bot_id in ("one", "two"):
        entry = await keeper.change(bot_id, lambda _, bot_id=bot_id: table.put(None, bot_id, make_spec()))
        entry.new_run("nonce", AT, 0.0)
        entry.facts = table.requested(entry.facts, f"run-{bot_id}", 0.0)
        connection = Connection()
        reception.bot_connected(bot_id, f"run-{bot_id}", connection)
        connected[bot_id] = (f"run-{bot_id}", connection)
    return reception, connected


async def test_turns_are_asked_for_and_given(bots: tuple[Reception, dict[str, tuple[str, Connection]]]) -> None:
    reception, connected = bots

    def say(bot_id: str, frame: Wire) -> None:
        reception.bot_said(bot_id, connected[bot_id][0], frame, connected[bot_id][1])

    say("one", TurnFrame(number=7, begin=True))
    say("two", TurnFrame(number=3, begin=True))
    assert connected["one"][1].sent == [TurnGivenFrame(number=7)]
    assert connected["two"][1].sent == []
    say("one", TurnFrame(number=7, begin=False))
    assert connected["two"][1].sent == [TurnGivenFrame(number=3)]
    say("one", TurnFrame(number=8, begin=True))
    reception.bot_disconnected("two", *connected["two"])
    assert connected["one"][1].sent[1:] == [TurnGivenFrame(number=8)]
