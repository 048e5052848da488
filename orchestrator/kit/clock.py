"""The wall clock, in one place so that tests can travel."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from loguru import logger

LEEWAY = timedelta(minutes=1)
CONFIRMED = timedelta(hours=1)


def utc_now() -> datetime:
    """Now, timezone-aware."""
    return datetime.now(UTC)


def _boot_seconds() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class SteadyClock:
    """The time of day for what must not come early: where the machine's clock is set forward it runs on from where it
    was, so it is never ahead of what has passed by more than `LEEWAY`. Sleep of the machine counts as time that passed.
    It trusts the clock of the moment when it is made, and one that was set forward once that has stood for `CONFIRMED`:
    so it is after a boot whose clock was wrong."""

    def __init__(self, wall: Callable[[], datetime] = utc_now, passed: Callable[[], float] = _boot_seconds) -> None:
        self._wall = wall
        self._passed = passed
        self._began = wall() - timedelta(seconds=passed())
        self._ahead: tuple[datetime, float] | None = None
        """When the machine would have booted by the clock that was set forward, and since when it says so."""

    def __call__(self) -> datetime:
        wall, passed = self._wall(), self._passed()
        latest = self._began + timedelta(seconds=passed) + LEEWAY
        if wall <= latest:
            self._ahead = None
            return wall
        began = wall - timedelta(seconds=passed)
        if self._ahead is None or abs(began - self._ahead[0]) > LEEWAY:
            self._ahead = (began, passed)
            logger.warning("the machine's clock was set forward to {}; halts and losses go by what has passed", wall)
        elif passed - self._ahead[1] >= CONFIRMED.total_seconds():
            logger.warning("the machine's clock has stood at its new time for {}; it counts from now on", CONFIRMED)
            self._began, self._ahead = began, None
            return wall
        return latest
