"""What agents list each second: what did not change is not read again, what did is, and nonsense is told."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from orchestrator.pools import listing as listing_module
from orchestrator.pools.listing import Listing
from pool.contract.slots import Slot

_SLOT: dict[str, Any] = {
    "bot_id": "bot-a", "epoch": 1, "observed_generation": 2, "desired": "running", "observed_state": "running",
    "trader_state": "running", "conditions": [], "run_id": "run-1", "pid": 4711, "started_at": "2026-11-23T02:00:00Z",
    "restarts": 0, "last_exit": None, "memory": None, "cpu_percent": "0.05", "last_report_at": "2026-11-23T02:00:01Z",
    "snapshot": {
        "as_of": "2026-11-23T02:00:01Z", "stake_currency": "USDT", "mode": "dry", "starting_balance": "1000",
        "free": "900.10", "in_trades": "100", "equity": "1000.10", "realised": "0", "realised_today": "0",
        "unrealised": "0.1", "closed_trades": 0, "winning_trades": 0, "balances": [], "conversion": None,
        "open_trades": [],
    },
}  # fmt: skip


def _listed(*slots: dict[str, Any]) -> bytes:
    return json.dumps({"items": slots, "of a newer agent": 1}).encode()


def test_it_is_what_the_contract_says() -> None:
    (slot,) = Listing().read(_listed(_SLOT | {"new": True}))
    assert slot == Slot.model_validate_json(json.dumps(_SLOT))
    assert slot.started_at == datetime(2026, 11, 23, 2, tzinfo=UTC)
    assert slot.snapshot is not None
    assert slot.snapshot.free == Decimal("900.10")


def test_what_did_not_change_is_the_same_object_and_what_did_is_read() -> None:
    listing, other = Listing(), _SLOT | {"bot_id": "bot-b"}
    first = listing.read(_listed(_SLOT, other))
    paused = _SLOT | {"observed_state": "paused"}
    second = listing.read(_listed(other, paused))
    assert second[0] is first[1]
    assert (second[1].bot_id, second[1].observed_state) == ("bot-a", "paused")
    moved = _SLOT | {"snapshot": _SLOT["snapshot"] | {"free": "900.1"}}
    (third,) = listing.read(_listed(moved))
    assert third.snapshot is not None
    assert format(third.snapshot.free, "f") == "900.1"
    assert listing.read(_listed(other))[0] is not first[1]  # it had gone meanwhile


def test_of_a_bot_that_reported_again_only_that_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    listing = Listing()
    (first,) = listing.read(_listed(_SLOT))
    again = _SLOT | {"last_report_at": "2026-11-23T02:00:02Z"}
    with monkeypatch.context() as patched:
        patched.setattr(listing_module, "Slot", None)
        (second,) = listing.read(_listed(again))
    assert second == Slot.model_validate_json(json.dumps(again)) != first
    for changes in ({"last_report_at": None}, {"last_report_at": "2026-11-23T02:00:03Z", "restarts": 1}):
        (other,) = listing.read(_listed(again | changes))
        assert other == Slot.model_validate_json(json.dumps(again | changes))
    with pytest.raises(ValueError, match="validation error"):
        listing.read(_listed(_SLOT | {"last_report_at": "yesterday", "restarts": 1}))


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b'{"items": {}}', b'{"items": [1]}', b'{"items": [{}]}', _listed(_SLOT | {"bot_id": ["bot-a"]})],
)
def test_nonsense_is_refused_and_forgotten(content: bytes) -> None:
    listing = Listing()
    (known,) = listing.read(_listed(_SLOT))
    with pytest.raises(ValueError, match="validation error"):
        listing.read(content)
    assert listing.read(_listed(_SLOT)) == [known]
