"""Time as everything in this process sees it: it passes only where somebody would wait."""

import datetime as datetime_module
import sys
import time
from datetime import datetime, tzinfo
from typing import Any

LOOP_SECONDS = 5
OFFSET_SECONDS = 1
"""FreqTrade's throttle loops so long after a candle's close, and every 5 s from there on."""
_ROOMS = ("freqtrade", "pool", "tests", "schedule")


class Clock:
    """Seconds since the epoch."""

    def __init__(self) -> None:
        self.now = 0.0

    def sleep(self, seconds: float) -> None:
        """Nobody waits: it is later."""
        self.now = round(self.now + max(seconds, 0.0), 3)

    def sleep_to_loop(self) -> None:
        """To the next moment at which FreqTrade would loop."""
        steps = (self.now - OFFSET_SECONDS) // LOOP_SECONDS + 1
        self.now = steps * LOOP_SECONDS + OFFSET_SECONDS


CLOCK = Clock()


class _Kind(type):
    """What is a `datetime` stays one."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, datetime)

    def __subclasscheck__(cls, other: type) -> bool:
        return issubclass(other, datetime)


class _VirtualDatetime(datetime, metaclass=_Kind):
    """Makes plain `datetime`s, and asks `CLOCK` what time it is."""

    def __new__(cls, *given: Any, **named: Any) -> Any:  # type: ignore[misc]  # that is its purpose
        return datetime(*given, **named)

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Any:
        return datetime.fromtimestamp(CLOCK.now, tz)

    @classmethod
    def utcnow(cls) -> Any:
        return datetime.fromtimestamp(CLOCK.now, datetime_module.UTC).replace(tzinfo=None)


def install() -> None:
    """Before anything else is imported: much keeps these functions as they are by then."""
    time.time = lambda: CLOCK.now
    time.time_ns = lambda: int(CLOCK.now * 1e9)
    time.monotonic = lambda: CLOCK.now
    time.monotonic_ns = lambda: int(CLOCK.now * 1e9)
    time.clock_gettime = lambda _: CLOCK.now
    time.sleep = CLOCK.sleep


def install_dates() -> None:
    """Once what was imported is there: `datetime.now` of all modules of FreqTrade's and ours. May be called again."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in _ROOMS and module.__dict__.get("datetime") is datetime and name != __name__:
            module.__dict__["datetime"] = _VirtualDatetime
