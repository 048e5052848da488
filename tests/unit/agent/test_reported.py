"""What a bot may say, at the agent's socket."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from pool.contract.frames import BotEvent, BotFrame, Heartbeat, SnapshotFrame
from pool.contract.model import Wire
from tests.fakes.fake_agent import snapshot

FRAMES: TypeAdapter[Wire] = TypeAdapter(BotFrame)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
BEAT: dict[str, Any] = {
    "kind": "heartbeat",
    "at": NOW,
    "phase": "running",
    "trader_state": "running",
    "progress": 1,
    "patience_seconds": 1,
    "observed_generation": 1,
    "paused_by_flotilla": False,
    "flat": None,
}
EVENT: dict[str, Any] = {"kind": "event", "seq": 1, "at": NOW, "type": "bot.message", "data": {}}
CONDITION: dict[str, Any] = {"kind": "condition", "type": "x", "message": "y"}
SNAPSHOT: dict[str, Any] = {"kind": "snapshot", "snapshot": snapshot().model_dump()}


def nested(depth: int) -> dict[str, Any]:
    return {"deeper": nested(depth - 1)} if depth else {}


def told(**changes: Any) -> dict[str, Any]:
    return SNAPSHOT | {"snapshot": SNAPSHOT["snapshot"] | changes}


@pytest.mark.parametrize("frame", [BEAT, EVENT, CONDITION, SNAPSHOT, EVENT | {"data": {"a": [1, "x", None, 1.5]}}])
def test_what_bots_say_is_taken(frame: dict[str, Any]) -> None:
    FRAMES.validate_python(frame)


@pytest.mark.parametrize(
    "frame",
    [
        BEAT | {"trader_state": "x" * 33},
        BEAT | {"trader_state": "a\0b"},
        BEAT | {"observed_generation": 2**31},
        BEAT | {"observed_generation": -1},
        BEAT | {"progress": 2**63},
        BEAT | {"patience_seconds": float("inf")},
        BEAT | {"patience_seconds": float("nan")},
        BEAT | {"at": datetime(9999, 12, 31, 23, tzinfo=UTC)},
        EVENT | {"seq": 2**31},
        EVENT | {"at": datetime(1, 1, 1, tzinfo=UTC)},
        EVENT | {"data": {"a": "x" * 8193}},
        EVENT | {"data": {"a": ["x" * 8000] * 9}},
        EVENT | {"data": {"a": [0] * 9000}},
        EVENT | {"data": {"a\0": 1}},
        EVENT | {"data": {"a": [{"b": "\0"}]}},
        EVENT | {"data": {"a": 10**400}},
        EVENT | {"data": {"a": float("nan")}},
        EVENT | {"data": nested(190)},
        CONDITION | {"message": "x" * 100_000},
        CONDITION | {"type": "\0"},
        told(stake_currency="US\0DT"),
        told(closed_trades=2**31),
        told(equity="1E+20"),
        told(equity="-1E+300"),
        told(as_of=datetime(9999, 12, 31, tzinfo=UTC)),
        told(balances=[{"currency": "X", "free": 0, "used": 0, "total": 0, "value_stake": None}] * 20_000),
    ],
)
def test_what_nobody_could_store_is_refused(frame: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        FRAMES.validate_python(frame)


def test_every_word_of_a_bot_is_measured() -> None:
    """The limits are of the base: a field that is added later is bounded, too."""
    assert {Heartbeat.size_limit, BotEvent.size_limit} == {65_536}
    with pytest.raises(ValidationError, match="NUL"):
        SnapshotFrame(snapshot=snapshot().model_copy(update={"stake_currency": "\0"}))
