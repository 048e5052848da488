"""Attempts that slow themselves down: after a few free ones each must wait twice as long as the one before."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

_MOST_KEYS = 10_000


@dataclass(frozen=True, slots=True)
class AttemptRules:
    """`free` attempts wait for nothing; what follows waits 1, 2, 4 … s up to the limit. All is forgotten after a while
    without any."""

    free: int
    limit_seconds: float
    forget_seconds: float

    def wait_seconds(self, count: int) -> float:
        """How long after the last of so many attempts the next may come."""
        excess = count - self.free
        return 0.0 if count == 0 or excess < 0 else min(2.0 ** min(excess, 30), self.limit_seconds)


@dataclass(slots=True)
class _Seen:
    count: int
    last_at: float


class Attempts:
    """Counts in memory. `clock` is monotonic, in seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._seen: OrderedDict[str, _Seen] = OrderedDict()

    def begin(self, key: str, rules: AttemptRules) -> float:
        """Counts an attempt and answers 0; or the seconds that it comes too early, and does not count it."""
        seen, now = self._known(key, rules), self._clock()
        wait = seen.last_at + rules.wait_seconds(seen.count) - now
        if wait > 0:
            return wait
        self.note(key, rules)
        return 0.0

    def note(self, key: str, rules: AttemptRules) -> None:
        """Counts an attempt that somebody else let pass."""
        self._seen[key] = _Seen(self._known(key, rules).count + 1, self._clock())
        self._seen.move_to_end(key)
        while len(self._seen) > _MOST_KEYS:
            self._seen.popitem(last=False)

    def forget(self, key: str) -> None:
        """As if there had been none."""
        self._seen.pop(key, None)

    def _known(self, key: str, rules: AttemptRules) -> _Seen:
        now = self._clock()
        seen = self._seen.get(key)
        return seen if seen and now - seen.last_at <= rules.forget_seconds else _Seen(0, now)
