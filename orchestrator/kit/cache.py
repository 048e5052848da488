"""What the processes of an installation share for a short time: values that are taken once, and counts of attempts.

Two drivers keep one contract (`tests/contract/test_cache.py`): in memory for one process, Redis for several
(`orchestrator.kit.redis_cache`).
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from orchestrator.kit.attempts import AttemptRules, Attempts

_MOST_COUNTS = 10_000


class Cache(Protocol):
    """Each method raises RedisUnavailable where what is shared cannot be reached; never waits for long."""

    async def put(self, key: str, value: str, *, seconds: float, group: str, most: int) -> None:
        """Keeps a value for so long. Of a group the newest `most` are kept."""

    async def take(self, key: str) -> str | None:
        """The value, which nobody else gets then; None where there is none."""

    async def look(self, key: str) -> str | None:
        """The value, which stays; None where there is none."""

    async def begin(self, key: str, rules: AttemptRules) -> float:
        """Counts an attempt and answers 0; or the seconds that it comes too early, and does not count it."""

    async def forget(self, key: str) -> None:
        """As if there had been no attempts."""

    async def add(self, key: str, amount: int, *, seconds: int) -> int:
        """Adds to a count that begins at 0 and ends so long after its first; the sum. What a key begins with, up to a
        colon, is one of a few kinds."""

    async def close(self) -> None:
        """Gives up connections."""


@dataclass(frozen=True, slots=True)
class _Kept:
    value: str
    group: str
    expires_at: float


class InProcessCache:
    """`Cache` in memory. `clock` is monotonic, in seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._attempts: dict[str, Attempts] = {}
        """By kind, as counts are."""
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._groups: dict[str, OrderedDict[str, None]] = {}
        self._counts: dict[str, OrderedDict[str, tuple[int, float]]] = {}
        """By what is counted, which is what a key begins with: a flood of one must not push another out."""

    async def put(self, key: str, value: str, *, seconds: float, group: str, most: int) -> None:
        """See `Cache.put`."""
        self._drop_expired()
        self._drop(key)
        self._kept[key] = _Kept(value, group, self._clock() + seconds)
        own = self._groups.setdefault(group, OrderedDict())
        own[key] = None
        while len(own) > most:
            self._drop(next(iter(own)))

    async def take(self, key: str) -> str | None:
        """See `Cache.take`."""
        kept = self._drop(key)
        return kept.value if kept and kept.expires_at > self._clock() else None

    async def look(self, key: str) -> str | None:
        """See `Cache.look`."""
        kept = self._kept.get(key)
        return kept.value if kept and kept.expires_at > self._clock() else None

    async def begin(self, key: str, rules: AttemptRules) -> float:
        """See `Cache.begin`."""
        return self._attempts_of(key).begin(key, rules)

    async def forget(self, key: str) -> None:
        """See `Cache.forget`."""
        self._attempts_of(key).forget(key)

    async def add(self, key: str, amount: int, *, seconds: int) -> int:
        """See `Cache.add`."""
        now = self._clock()
        counts = self._counts.setdefault(key.partition(":")[0], OrderedDict())
        count, ends_at = counts.get(key, (0, 0.0))
        if ends_at <= now:
            counts.pop(key, None)
            count, ends_at = 0, now + seconds
        counts[key] = (count + amount, ends_at)
        while len(counts) > _MOST_COUNTS:
            counts.popitem(last=False)
        return count + amount

    async def close(self) -> None:
        """See `Cache.close`."""

    def _attempts_of(self, key: str) -> Attempts:
        return self._attempts.setdefault(key.partition(":")[0], Attempts(self._clock))

    def _drop_expired(self) -> None:
        now = self._clock()
        while self._kept:
            key, oldest = next(iter(self._kept.items()))
            if oldest.expires_at > now:
                return
            self._drop(key)

    def _drop(self, key: str) -> _Kept | None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            own = self._groups[kept.group]
            del own[key]
            if not own:
                del self._groups[kept.group]
        return kept
