"""Circuit breakers of an exchange's endpoints. Pure.

A breaker stands for one method and path template of an authority, not for the authority: where half of the endpoints
fail, the others work on. An exchange that is gone altogether opens each of the few that are asked, after a few tries.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

CONSECUTIVE = 5
_SHARE, _LEAST, _SPAN_SECONDS = 0.5, 20, 30.0
_FIRST_OPEN, LONGEST_OPEN = 2.0, 60.0
LONGEST_WITHOUT_PRICE = 5.0
"""An endpoint that fails is tried as often for the prices that exits are decided on: they are missed while it is left
in peace for longer than the exchange was gone."""
TRY_SECONDS = 60.0
"""A try that is not heard of for longer is given up."""
JITTER = 0.1


@dataclass
class Breaker:
    """`jitter` gives a number from 0 to 1."""

    jitter: Callable[[], float]
    failures: int = 0
    """In a row."""
    open_until: float | None = None
    last_at: float = 0.0
    _length: float = 0.0
    _opened_at: float = 0.0
    _failed_at: float = 0.0
    """Since it is open: by the last try."""
    _trying_until: float = 0.0
    _ended: deque[tuple[float, bool]] = field(default_factory=deque)

    def wait(self, now: float, longest: float = LONGEST_OPEN) -> float:
        """Seconds; 0 where it is closed or may be tried. `longest`: after the last try that failed."""
        if self.open_until is None:
            return 0.0
        until = min(self.open_until, self._failed_at + longest)
        if now < until:
            return until - now
        return max(0.0, min(self._trying_until - now, 1.0))

    def state(self, now: float) -> Literal["closed", "half_open", "open"]:
        if self.open_until is None:
            return "closed"
        return "open" if now < self.open_until else "half_open"

    def trying(self, now: float) -> None:
        """A request is under way; where the breaker is half open it is the one that tries."""
        if self.open_until is not None and now >= min(self.open_until, self._failed_at + LONGEST_WITHOUT_PRICE):
            self._trying_until = now + TRY_SECONDS

    def ended(self, worked: bool, sent_at: float, now: float) -> None:
        self.last_at = now
        if self.open_until is not None:
            self._ended_open(worked, sent_at, now)
            return
        self._note(worked, now)
        self.failures = 0 if worked else self.failures + 1
        failed = sum(1 for _, well in self._ended if not well)
        many = len(self._ended) >= _LEAST and failed > _SHARE * len(self._ended)
        if not worked and (self.failures >= CONSECUTIVE or many):
            self._open(now)

    def _ended_open(self, worked: bool, sent_at: float, now: float) -> None:
        if sent_at < self._opened_at:
            return  # was under way before, and tells nothing new
        if worked:
            self.open_until, self._length, self.failures, self._trying_until = None, 0.0, 0, 0.0
            self._ended.clear()
            return
        self._failed_at, self._trying_until = now, 0.0
        if self.open_until is not None and sent_at >= self.open_until:
            self._open(now)

    def withdrawn(self) -> None:
        """A try was not made, or it told nothing."""
        self._trying_until = 0.0

    def _open(self, now: float) -> None:
        self._length = min(self._length * 2 or _FIRST_OPEN, LONGEST_OPEN)
        self._opened_at = self._failed_at = now
        self.open_until = now + self._length * (1 + JITTER * self.jitter())
        self._trying_until = 0.0

    def _note(self, worked: bool, now: float) -> None:
        self._ended.append((now, worked))
        while self._ended[0][0] < now - _SPAN_SECONDS or len(self._ended) > 1_000:
            self._ended.popleft()

    def to_json(self) -> list[Any]:
        return [self.open_until, self._length, self.last_at]

    def of_json(self, value: Any, shift: float) -> None:
        until, length, last = value
        self.open_until = None if until is None else float(until) + shift
        self._length, self.last_at = float(length), float(last) + shift
        self._failed_at = self.last_at
