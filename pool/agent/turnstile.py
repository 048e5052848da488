"""How many connections to the agent's socket may be open, and how much is logged of those refused. Pure.

Any bot may dial, and one that is hostile dials without end: each gets a few connections only, so that the agent's
descriptors last for all. A bot needs one, and for moments another, when it dials anew before the first one's end was
noticed.
"""

from collections import Counter
from dataclasses import dataclass

MOST_OF_ONE = 4
_SPARE = 16
"""Beyond what all slots may have: of nobody's."""
_TOLD_AT_ONCE = 10
_TOLD_SECONDS = 60.0
_MOST_REMEMBERED = 1000

Caller = tuple[int, int]
"""User and process: one bot, whichever of the two tells bots apart."""


def caller(uid: int, pid: int, shared_uids: tuple[int, ...]) -> Caller:
    """A bot with a user id of its own is known by that, whatever process it is."""
    return (uid, pid) if uid in shared_uids else (uid, 0)


@dataclass(slots=True)
class _Told:
    since: float
    times: int = 0


class Turnstile:
    """Counts from the connection's acceptance until it is closed."""

    def __init__(self, slots_total: int) -> None:
        self._most_in_all = MOST_OF_ONE * slots_total + _SPARE
        self._open: Counter[Caller] = Counter()
        self._told: dict[Caller, _Told] = {}

    def enter(self, who: Caller) -> bool:
        """Whether there is room; to be left again where there was."""
        if self._open[who] >= MOST_OF_ONE or self._open.total() >= self._most_in_all:
            return False
        self._open[who] += 1
        return True

    def leave(self, who: Caller) -> None:
        self._open[who] -= 1
        if not self._open[who]:
            del self._open[who]

    def is_told(self, who: Caller, now: float) -> bool:
        """Whether a refusal is logged: some of each caller, lest it fills the disk."""
        told = self._told.get(who)
        if told is None or now - told.since > _TOLD_SECONDS:
            if len(self._told) >= _MOST_REMEMBERED:
                self._told.clear()
            told = self._told[who] = _Told(now)
        told.times += 1
        return told.times <= _TOLD_AT_ONCE
