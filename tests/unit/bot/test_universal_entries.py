"""What denies entries, and how often it is told."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from pool.bot.universal import entries as module
from pool.bot.universal import teller as telling
from pool.bot.universal.entries import Entries
from pool.bot.universal.teller import Teller
from pool.contract.events import EventType
from pool.contract.policy import PolicyDocument, PolicyInForce
from pool.contract.risk import Mode, Refusal
from pool.rules.cooldown import ClosedTrade

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
"""A Saturday."""


@dataclass
class Rules:
    policy: PolicyInForce | None = None
    standing: Mode = Mode.ACTIVE

    def mode(self) -> Mode:
        return self.standing

    def why(self) -> str:
        return "as ordered"


def in_force(**sections: Any) -> PolicyInForce:
    return PolicyInForce(label="1.0.0", fingerprint="f", document=PolicyDocument.model_validate(sections))


def limited(**limits: Any) -> Rules:
    return Rules(in_force(limits=limits))


def told() -> tuple[Teller, list[tuple[EventType, dict[str, Any]]]]:
    events: list[tuple[EventType, dict[str, Any]]] = []
    return Teller(lambda kind, data, _at: events.append((kind, data))), events


def test_nothing_denies_without_rules() -> None:
    assert Entries(Rules(), Teller()).refusal(NOW) is None


@pytest.mark.parametrize("mode", [Mode.REDUCING, Mode.HALTED])
def test_a_bound_mode_denies(mode: Mode) -> None:
    assert Entries(Rules(standing=mode), Teller()).refusal(NOW) == ("mode", "as ordered")


def test_what_went_wrong_denies_for_so_long_or_until_it_is_right() -> None:
    entries = Entries(Rules(), Teller())
    entries.deny("slot", "broken")
    entries.deny("loop_failed", "failed", -1)

    assert entries.refusal(NOW) == ("slot", "broken")
    entries.allow("slot")
    assert entries.refusal(NOW) is None


def test_trading_hours_deny() -> None:
    weekdays = [{"days": ["mon", "fri"], "start": "09:00", "end": "17:00"}]
    refused = Entries(limited(trading_hours=weekdays), Teller()).refusal(NOW)
    assert refused is not None
    assert refused[0] == "limits.trading_hours"
    assert Entries(limited(trading_hours=weekdays), Teller()).refusal(NOW.replace(day=23)) is None


def test_a_loss_cools_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "closed_lately", lambda _count: [ClosedTrade(NOW, -0.1)])
    entries = Entries(limited(cool_down={"after_loss_minutes": 30}), Teller())
    refused = entries.refusal(NOW.replace(minute=29))
    assert refused is not None
    assert refused[0] == "limits.cool_down.after_loss_minutes"
    assert entries.refusal(NOW.replace(minute=31)) is None


def test_a_rule_that_raises_denies_and_alerts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_count: int) -> list[ClosedTrade]:
        raise RuntimeError("no database")

    monkeypatch.setattr(module, "closed_lately", broken)
    teller, events = told()
    entries = Entries(limited(cool_down={"after_loss_minutes": 30}), teller)
    for _ in range(3):
        refused = entries.refusal(NOW)
        assert refused is not None
        assert refused[0] == "rule_failed"
    assert [kind for kind, _ in events] == [EventType.RISK_ALERT]


def test_a_refusal_is_told_once_a_minute_for_each_pair_and_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1000.0]
    monkeypatch.setattr(telling.time, "monotonic", lambda: clock[0])
    teller, events = told()
    refusals = [
        Refusal(pair=pair, is_short=False, purpose="entry", limit=limit, message="no")
        for pair in ("A/USDT", "B/USDT")
        for limit in ("mode", "slot")
    ]
    for refusal in refusals * 2:
        teller.refused(refusal)
    assert len(events) == 4
    clock[0] += telling.REFUSAL_SECONDS
    teller.refused(refusals[0])
    assert len(events) == 5
