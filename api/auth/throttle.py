"""Slows down guessing of passwords.

Failures are counted per address and user name together: whoever guesses the admin's password from elsewhere slows
down only himself, and a wrong name slows down no other. After a few free failures each further attempt must wait,
twice as long every time up to a limit. Attempts in flight count as failures, so that many at once gain nothing.
"""

import ipaddress
import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from orchestrator.errors import TooManyRequests

_MOST_ENTRIES = 10_000
_FORGET_SECONDS = 900


@dataclass(slots=True)
class _Failures:
    count: int
    last_at: float


class LoginThrottle:
    """Kept in memory. `clock` is monotonic, in seconds."""

    def __init__(self, free_attempts: int, wait_limit_seconds: float, clock: Callable[[], float]) -> None:
        self._free_attempts = free_attempts
        self._wait_limit_seconds = wait_limit_seconds
        self._clock = clock
        self._failures: OrderedDict[tuple[str, str], _Failures] = OrderedDict()

    def begin(self, address: str, username: str) -> None:
        """Counts an attempt. Raises TooManyRequests where it comes too early; `params` tell how long to wait."""
        now = self._clock()
        key = (_network(address), username)
        failures = self._failures.get(key)
        if failures is None or now - failures.last_at > _FORGET_SECONDS:
            failures = _Failures(0, now)
        wait = failures.last_at + self._wait_seconds(failures.count) - now
        if wait > 0:
            seconds = math.ceil(wait)
            raise TooManyRequests(
                f"Too many failed sign-ins for this user name; try again in {seconds} s.", retry_after_seconds=seconds
            )
        self._failures[key] = _Failures(failures.count + 1, now)
        self._failures.move_to_end(key)
        while len(self._failures) > _MOST_ENTRIES:
            self._failures.popitem(last=False)

    def succeeded(self, address: str, username: str) -> None:
        """Forgets the failures: the password is known here."""
        self._failures.pop((_network(address), username), None)

    def _wait_seconds(self, failures: int) -> float:
        excess = failures - self._free_attempts
        return 0.0 if excess < 0 else min(2.0 ** min(excess, 30), self._wait_limit_seconds)


def _network(address: str) -> str:
    """An IPv6 host owns a whole /64, so that counts as one."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return address
