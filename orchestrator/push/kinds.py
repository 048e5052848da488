"""What pushes are about, by which a subscription chooses, and when it wants quiet. Pure."""

from collections.abc import Mapping
from datetime import datetime, time
from enum import StrEnum
from zoneinfo import ZoneInfo

from pool.contract.slots import ConditionType


class PushKind(StrEnum):
    ALERTS = "alerts"
    """Alerts that are none of the others: of accounts, findings, keys, bots that cannot be placed."""
    HALTS = "halts"
    """Modes, by the kill switch or a limit, and market emergencies. They break quiet hours."""
    ENTRIES_REFUSED = "entries_refused"
    TRADES_CLOSED = "trades_closed"
    BOT_FAILED = "bot_failed"


TEST = "test"
"""Kind of a push that somebody asked for."""
_FAILED = frozenset(
    {
        ConditionType.QUARANTINED,
        ConditionType.BOOT_FAILED,
        ConditionType.HUNG,
        ConditionType.TRADER_STOPPED,
        ConditionType.TEMPLATE_BROKEN,
    }
)


def kind_of_alert(type_: str) -> PushKind:
    """Of the `type` of an `alert` on the stream."""
    if type_.startswith("mode.") or type_ == "emergency":
        return PushKind.HALTS
    if type_ == "entry_refused":
        return PushKind.ENTRIES_REFUSED
    return PushKind.BOT_FAILED if type_ in _FAILED else PushKind.ALERTS


def is_quiet(quiet: Mapping[str, str] | None, now: datetime) -> bool:
    """Whether `now` lies in these hours, of which the end is none; they may go past midnight."""
    if quiet is None:
        return False
    at = now.astimezone(ZoneInfo(quiet["time_zone"])).time().replace(tzinfo=None)
    start, end = time.fromisoformat(quiet["start"]), time.fromisoformat(quiet["end"])
    return start <= at < end if start <= end else at >= start or at < end
