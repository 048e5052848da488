"""Trading hours, by the clock on the wall of the document's time zone.

A window begins on its days at `start` and ends before `end`, on the next day where that is not after `start` (equal
times make 24 hours). Where clocks are put forward, a time that does not exist counts as the moment of the change; where
they are put back, the repeated hour counts twice.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from pool.contract.policy import Day, TradingHours

_DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def within_hours(hours: Sequence[TradingHours] | None, time_zone: str, now: datetime) -> bool:
    """Whether entries are allowed at `now` (aware). None allows always, an empty sequence never."""
    if hours is None:
        return True
    local = now.astimezone(ZoneInfo(time_zone))
    today, yesterday = _DAYS[local.weekday()], _DAYS[(local - timedelta(days=1)).weekday()]
    time = local.time()
    for window in hours:
        start, end = window.start, window.end
        if start < end:
            if today in window.days and start <= time < end:
                return True
        elif (today in window.days and time >= start) or (yesterday in window.days and time < end):
            return True
    return False
