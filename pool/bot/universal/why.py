"""Why an exit was decided: left by the overlay, taken by what sends the order. Main thread only."""

from dataclasses import dataclass
from datetime import datetime

TAG = "flotilla"
"""Exit reasons of universal rules are `flotilla:<rule>` or `flotilla:<rule>:<level>`."""


@dataclass(frozen=True, slots=True)
class Why:
    """Belongs to the next exit order of one trade with this `reason`."""

    reason: str
    rule: str
    level: int | None
    policy: str
    """Label of the policy."""
    price_seen: float
    threshold: float | None
    decided_at: datetime


_MOST = 1000
"""More trades than any bot has open: older decisions than that are of closed ones."""


class WhyBook:
    """The last decision for each trade, of so many trades that were decided on last."""

    def __init__(self) -> None:
        self._decisions: dict[int, Why] = {}

    def put(self, trade_id: int, why: Why) -> None:
        self._decisions.pop(trade_id, None)
        self._decisions[trade_id] = why
        if len(self._decisions) > _MOST:
            del self._decisions[next(iter(self._decisions))]

    def of(self, trade_id: int, reason: str | None) -> Why | None:
        """None where the last decision was another, or none."""
        why = self._decisions.get(trade_id)
        return why if why is not None and why.reason == reason else None


def reason(rule: str, level: int | None = None) -> str:
    return f"{TAG}:{rule}" if level is None else f"{TAG}:{rule}:{level}"


def action_id(trade_id: int, why: Why) -> str:
    """Of all that is told of this decision: as decided, sent, filled."""
    return f"{trade_id}:{why.reason}:{int(why.decided_at.timestamp() * 1000)}"


def parse(tag: str | None) -> tuple[str, int | None] | None:
    """Rule and level of a universal reason; None of any other."""
    parts = (tag or "").split(":")
    if parts[0] != TAG or len(parts) not in (2, 3):
        return None
    level = parts[2] if len(parts) == 3 else None
    return parts[1], int(level) if level is not None and level.isdigit() else None
