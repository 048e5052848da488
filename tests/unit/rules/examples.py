"""Positions and documents that the tests of rules begin with."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pool.contract.policy import PolicyDocument
from pool.rules.exits import decide
from pool.rules.position import Decision, Marks, Position, Price

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
OPENED = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


def position(**changes: Any) -> Position:
    """One unit at 100, without fees."""
    fields: dict[str, Any] = {
        "is_short": False,
        "open_rate": 100.0,
        "amount": 1.0,
        "amount_entered": 1.0,
        "leverage": 1.0,
        "fee_open": 0.0,
        "fee_close": 0.0,
        "opened_at": OPENED,
    }
    return Position(**(fields | changes))


def document(**sections: Any) -> PolicyDocument:
    return PolicyDocument.model_validate(sections)


def along(
    held: Position,
    rules: PolicyDocument,
    *rates: float,
    atr: Mapping[int, float] | None = None,
    marks: Marks | None = None,
) -> Decision:
    """The decision at the last of these rates; those before it decide nothing that closes."""
    decision = Decision(marks or Marks())
    for rate in rates:
        assert decision.close is None
        decision = decide(held, decision.marks, Price(rate), rules, NOW, atr=atr)
    return decision
