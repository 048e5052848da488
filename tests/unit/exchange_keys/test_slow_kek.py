"""A source of key-encryption keys that takes its time holds up nobody who does not need it."""

import asyncio
import threading
from datetime import UTC, datetime

import pytest

from orchestrator.bots.live import KeyOfBot
from orchestrator.bots.models import BotModel
from orchestrator.bots.repository import DesiredRow
from orchestrator.bots.status import ConditionCleared, ConditionSet
from orchestrator.db.engine import Database
from orchestrator.exchange_keys.vault import Vault
from orchestrator.kit.kek_source import KekMissing
from orchestrator.kit.sealing import Kek, Keyring
from orchestrator.reconcile.credentials import Credentials
from orchestrator.reconcile.sightings import key_conditions
from pool.contract.slots import ConditionType
from tests.support import eventually

DEADLINE = 30.0
NOW = datetime(2026, 1, 1, tzinfo=UTC)


class SlowSource:
    """Answers once it is let."""

    name = "a slow command"
    can_add = False

    def __init__(self) -> None:
        self.let = threading.Event()
        self.keks: list[Kek] = []

    def read(self) -> Keyring:
        self.let.wait(2 * DEADLINE)
        if not self.keks:
            raise KekMissing("There is none.")
        return Keyring(tuple(self.keks))

    def add(self, kek: Kek, *, first: bool = False) -> None:
        raise AssertionError


@pytest.fixture
def source() -> SlowSource:
    return SlowSource()


async def test_bots_wait_for_their_key_and_nobody_waits_for_them(source: SlowSource) -> None:
    source.keks.append(Kek.new())
    credentials = Credentials(Database("sqlite+aiosqlite://"), Vault(source, "secret"))
    keys = {
        "bot-1": KeyOfBot("key-1", 1, source.keks[0].id, None),
        "bot-2": KeyOfBot("key-2", 1, source.keks[0].id, "It has expired."),
    }
    try:
        async with asyncio.timeout(DEADLINE):
            for _ in range(2):
                told = await credentials.problems(keys)
                assert "still being asked for" in told["bot-1"]
                assert told["bot-2"] == "It has expired."
                about = key_conditions([_row("bot-1"), _row("bot-1", "It was missing."), _row("bot-2")], told, NOW)
                assert [(one.bot_id, type(one)) for one in about] == [("bot-2", ConditionSet)], "nothing flaps"
    finally:
        source.let.set()

    async def can_be_opened() -> bool:
        return "bot-1" not in await credentials.problems(keys)

    await eventually(can_be_opened, DEADLINE)
    told = await credentials.problems(keys)
    about = key_conditions([_row("bot-1"), _row("bot-1", "It was missing.")], told, NOW)
    assert [type(one) for one in about] == [ConditionCleared]


def _row(bot_id: str, told: str | None = None) -> DesiredRow:
    conditions = [] if told is None else [{"type": ConditionType.KEY_UNUSABLE, "message": told}]
    return DesiredRow(BotModel(id=bot_id), "running", 0, conditions, None, "USDT", False)


async def test_what_can_be_opened_is_opened_while_another_key_is_looked_for(source: SlowSource) -> None:
    known = Kek.new()
    source.keks.append(known)
    source.let.set()
    vault = Vault(source, "secret")
    assert await vault.locked({known.id}) == {}
    source.let.clear()
    looking = asyncio.create_task(vault.locked({"another"}))
    try:
        await asyncio.sleep(0)
        async with asyncio.timeout(DEADLINE):
            assert await vault.locked({known.id}) == {}
        assert not looking.done()
    finally:
        source.let.set()
    assert "another" in (await looking)["another"]
