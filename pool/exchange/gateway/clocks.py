"""This machine's clocks, and how far an exchange's are from them."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from pool.contract.freshness import Moment
from pool.exchange.gateway.limits_told import date

JUMP_MS = 1_000
"""A change of wall time against steady time by more is a jump."""
LEAST_SKEW_MS = 2_000
"""Smaller differences are not told from a header's rounding and a request's way."""
_OLD_SECONDS = 600.0
_DOUBTS = 3
"""So many answers in a row must contradict an estimate before it is given up."""


def steady_clock() -> float:
    """Seconds since the machine started, suspended or not: the same in each process."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def wall_clock_ms() -> int:
    return time.time_ns() // 1_000_000


class Clock:
    """Both clocks, read together."""

    def __init__(self, steady: Callable[[], float] = steady_clock, wall_ms: Callable[[], int] = wall_clock_ms) -> None:
        self._steady = steady
        self._wall_ms = wall_ms
        self._apart = wall_ms() - steady() * 1000
        self._jumps = 0

    def now(self) -> Moment:
        steady, wall_ms = self._steady(), self._wall_ms()
        apart = wall_ms - steady * 1000
        if abs(apart - self._apart) > JUMP_MS:
            self._jumps += 1
        self._apart = apart
        return Moment(steady, wall_ms, self._jumps)


@dataclass(slots=True)
class Skew:
    """An exchange's clock minus ours, from the `Date` of its answers.

    Each answer says that it lies between two values, a second and the request's way apart; estimates are where all
    agree. A kept answer of a network in between, which has an `Age`, says nothing.
    """

    _low: float = 0.0
    _high: float = 0.0
    _known: Moment | None = None
    _doubts: int = 0

    def told(self, text: str | None, asked: Moment, received: Moment) -> None:
        """What an answer's `Date` said."""
        at = date(text)
        if at is not None and asked.jumps == received.jumps:
            self._agree(at * 1000 - received.wall_ms, at * 1000 + 1000 - asked.wall_ms, received)

    def _agree(self, low: float, high: float, now: Moment) -> None:
        known = self._known
        if known is None or known.jumps != now.jumps or now.steady - known.steady > _OLD_SECONDS:
            self._low, self._high, self._known, self._doubts = low, high, now, 0
        elif low <= self._high and high >= self._low:
            self._low, self._high, self._doubts = max(low, self._low), min(high, self._high), 0
        else:
            self._doubts += 1
            if self._doubts >= _DOUBTS:
                self._low, self._high, self._known, self._doubts = low, high, now, 0

    def milliseconds(self) -> int | None:
        """The estimate; None where nothing was told."""
        return None if self._known is None else round((self._low + self._high) / 2)

    def applied(self, now: Moment) -> int:
        """What freshness reckons with: 0 unless it is certain and large."""
        return self.told_since_jump(now) or 0

    def told_since_jump(self, now: Moment) -> int | None:
        """The same; None where nothing was told since this machine's clock jumped last."""
        if self._known is None or self._known.jumps != now.jumps:
            return None
        if self._low <= 0 <= self._high:
            return 0
        middle = round((self._low + self._high) / 2)
        return middle if abs(middle) >= LEAST_SKEW_MS else 0
