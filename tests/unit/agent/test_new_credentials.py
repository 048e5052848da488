"""Other exchange credentials than a bot's process runs with: it is replaced, and nothing else is."""

from pathlib import Path
from typing import Any

from pool.agent import table
from pool.agent.keeper import Keeper
from pool.agent.requests import put_slot
from pool.agent.ring import EventRing
from pool.agent.store import StoredSlots
from pool.settings import PoolSettings
from tests.unit.agent.builders import LIMITS, make_spec

SETTINGS = PoolSettings(pool_id="pool", slots_total=5)


def live(secret: str, **changes: Any) -> Any:
    return make_spec(exchange="binance", trading="live", credentials={"key": "k", "secret": secret}, **changes)


async def test_a_process_is_replaced_for_other_credentials_and_not_for_the_same(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path, LIMITS, EventRing("now", 1000), StoredSlots(), lambda frame: None)
    entry, _ = await put_slot(keeper, SETTINGS, "bot", live("one"))
    entry.facts = table.requested(entry.facts, "run-1", 0.0)
    await put_slot(keeper, SETTINGS, "bot", live("one", generation=2))
    assert not entry.facts.restart_asked
    await put_slot(keeper, SETTINGS, "bot", make_spec(exchange="binance", trading="live", generation=3))
    assert not entry.facts.restart_asked, "without any it keeps what it has"
    await put_slot(keeper, SETTINGS, "bot", live("two", generation=4))
    assert entry.facts.restart_asked
    assert entry.credentials is not None
    assert entry.credentials.secret.get_secret_value() == "two"
    assert "two" not in repr(entry)
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or b'"two"' not in file.read_bytes()


async def test_what_an_earlier_agent_gave_is_not_known_so_the_process_is_replaced(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path, LIMITS, EventRing("now", 1000), StoredSlots(), lambda frame: None)
    entry, _ = await put_slot(keeper, SETTINGS, "bot", make_spec(exchange="binance", trading="live"))
    entry.facts = table.requested(entry.facts, "run-1", 0.0)
    await put_slot(keeper, SETTINGS, "bot", live("one"))
    assert entry.facts.restart_asked
