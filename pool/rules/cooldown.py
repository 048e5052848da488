"""May a bot enter again after its losses?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pool.contract.policy import CoolDown


@dataclass(frozen=True, slots=True)
class ClosedTrade:
    closed_at: datetime
    """Aware."""
    profit: float
    """Ratio or amount: only its sign counts, and a loss is less than 0."""


@dataclass(frozen=True, slots=True)
class Hold:
    """No entry until then."""

    until: datetime
    limit: str
    """Path in the document."""
    message: str


def cooling(section: CoolDown | None, closed: Sequence[ClosedTrade], now: datetime) -> Hold | None:
    """The hold that lasts longest, or None where the bot may enter. The order of `closed` does not matter; of the
    trades that closed last `section.losses` are needed, and the last one that lost."""
    if section is None:
        return None
    holds = [hold for hold in (_after_loss(section, closed), _after_streak(section, closed)) if hold is not None]
    longest = max(holds, key=lambda hold: hold.until, default=None)
    return longest if longest is not None and now < longest.until else None


def _after_loss(section: CoolDown, closed: Sequence[ClosedTrade]) -> Hold | None:
    last = max((trade.closed_at for trade in closed if trade.profit < 0), default=None)
    if section.after_loss_minutes is None or last is None:
        return None
    until = last + timedelta(minutes=section.after_loss_minutes)
    message = f"A trade lost at {_told(last)}; entries again from {_told(until)} on."
    return Hold(until, "limits.cool_down.after_loss_minutes", message)


def _after_streak(section: CoolDown, closed: Sequence[ClosedTrade]) -> Hold | None:
    if section.losses is None or section.after_streak_minutes is None:
        return None
    last = sorted(closed, key=lambda trade: trade.closed_at)[-section.losses :]
    if len(last) < section.losses or any(trade.profit >= 0 for trade in last):
        return None
    until = last[-1].closed_at + timedelta(minutes=section.after_streak_minutes)
    message = f"The last {section.losses} trades lost; entries again from {_told(until)} on."
    return Hold(until, "limits.cool_down.after_streak_minutes", message)


def _told(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
