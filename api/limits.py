"""How much one address, user or API token may ask for in a minute: counted here, refused in `api.limiting`.

Counts are kept in this process, by fixed windows of the `limits` library over storage that is bounded, so that no
request waits for anything. Where several processes serve one installation each tells the shared cache a few times a
second what it counted, and hears what all did: a budget holds for all of them together but for that moment. While the
cache cannot be reached each goes by its own counts.
"""

import asyncio
import hashlib
import math
import time
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice, zip_longest

from limits import RateLimitItemPerMinute
from limits.aio.storage import Storage
from limits.aio.strategies import FixedWindowRateLimiter
from loguru import logger

from api.settings import ApiSettings
from orchestrator.errors import RedisUnavailable
from orchestrator.kit.cache import Cache

WINDOW_SECONDS = 60
_SHARE_SECONDS = 0.25
_MOST_SHARED = 500
"""At once: a flood of addresses must not become one of requests to the cache."""
_MOST_COUNTS = 50_000
"""Of each budget, so that a flood of addresses pushes out no user's counts."""


class Budget(StrEnum):
    """What is counted; the value names it in the headers."""

    ADDRESS = "address"
    SIGN_INS = "sign-ins"
    READS = "reads"
    CHANGES = "changes"
    RELAYS = "relays"
    TOKEN = "token"  # noqa: S105 - a name


@dataclass(frozen=True, slots=True)
class Verdict:
    """One budget of one caller after a request: `limit` in all, `remaining` until the window ends."""

    budget: Budget
    allowed: bool
    limit: int
    remaining: int
    reset_seconds: int


class Limits:
    """The budgets of an installation. `cache` is what its processes share, None where this is the only one; `now` is
    the time in seconds since 1970."""

    def __init__(self, settings: ApiSettings, cache: Cache | None = None, now: Callable[[], float] = time.time) -> None:
        amounts = {
            Budget.ADDRESS: settings.requests_per_address_per_minute,
            Budget.SIGN_INS: settings.sign_ins_per_minute,
            Budget.READS: settings.reads_per_minute,
            Budget.CHANGES: settings.changes_per_minute,
            Budget.RELAYS: settings.relays_per_minute,
            Budget.TOKEN: settings.requests_per_token_per_minute,
        }
        self._items = {budget: RateLimitItemPerMinute(most, namespace=budget) for budget, most in amounts.items()}
        self._now = now
        self._counts = _Counts(cache, now)
        self._limiter = FixedWindowRateLimiter(self._counts)

    async def hit(self, budget: Budget, who: str) -> Verdict:
        """Counts a request; what is refused counts, too, but the window ends when it ends."""
        item, key = self._items[budget], hashlib.sha256(who.encode(errors="surrogatepass")).hexdigest()
        allowed = await self._limiter.hit(item, key)
        reset_at, remaining = await self._limiter.get_window_stats(item, key)
        return Verdict(budget, allowed, item.amount, max(0, remaining), max(1, math.ceil(reset_at - self._now())))

    async def close(self) -> None:
        """Ends what is still being told to the others."""
        await self._counts.close()


@dataclass(slots=True)
class _Count:
    window: int
    own: int = 0
    sent: int = 0
    others: int = 0


_Table = OrderedDict[str, _Count]


class _Counts(Storage):
    """Storage of the library's fixed windows: windows begin at whole minutes, hence at the same time everywhere. Keys
    begin with their namespace, which is a budget; each has its own table."""

    STORAGE_SCHEME = None

    def __init__(self, cache: Cache | None, now: Callable[[], float]) -> None:
        super().__init__()
        self._cache = cache
        self._now = now
        self._counts: defaultdict[str, _Table] = defaultdict(_Table)
        self._untold: defaultdict[str, _Table] = defaultdict(_Table)
        self._sharing: asyncio.Task[None] | None = None
        self._alone = False

    @property
    def base_exceptions(self) -> type[Exception]:
        """See the library: what may fail here."""
        return RedisUnavailable

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """See the library."""
        count = self._current(key)
        count.own += amount
        if self._cache is not None:
            _put(self._untold[_kind(key)], key, count)
            if self._sharing is None or self._sharing.done():
                self._sharing = asyncio.create_task(self._share(self._cache), name="rate-limits")
        return count.own + count.others

    async def get(self, key: str) -> int:
        """See the library."""
        count = self._current(key)
        return count.own + count.others

    async def get_expiry(self, key: str) -> float:
        """See the library."""
        return float((self._current(key).window + 1) * WINDOW_SECONDS)

    async def check(self) -> bool:
        """See the library."""
        return True

    async def reset(self) -> int | None:
        """See the library."""
        held = sum(map(len, self._counts.values()))
        self._counts.clear()
        return held

    async def clear(self, key: str) -> None:
        """See the library."""
        self._counts[_kind(key)].pop(key, None)

    async def close(self) -> None:
        if self._sharing is not None:
            self._sharing.cancel()
            await asyncio.gather(self._sharing, return_exceptions=True)

    def _current(self, key: str) -> _Count:
        window = int(self._now() // WINDOW_SECONDS)
        table = self._counts[_kind(key)]
        count = table.get(key)
        if count is None or count.window != window:
            count = _Count(window)
            _put(table, key, count)
            table.move_to_end(key)
        return count

    async def _share(self, cache: Cache) -> None:
        """Until all is told, or the cache does not answer: the next request tries again."""
        while any(self._untold.values()):
            await asyncio.sleep(_SHARE_SECONDS)
            for key in self._next():
                untold = self._untold[_kind(key)]
                count = untold.pop(key, None)
                if count is None:  # a flood pushed it out meanwhile
                    continue
                amount = count.own - count.sent
                try:
                    total = await cache.add(f"rate:{key}:{count.window}", amount, seconds=2 * WINDOW_SECONDS)
                except RedisUnavailable:
                    self._is_alone(True)
                    _put(untold, key, untold.get(key, count))
                    return
                count.sent += amount
                count.others = max(count.others, total - count.sent)
            self._is_alone(False)

    def _next(self) -> list[str]:
        """Of each budget in turn."""
        turns = zip_longest(*map(list, self._untold.values()))
        return list(islice((key for turn in turns for key in turn if key is not None), _MOST_SHARED))

    def _is_alone(self, alone: bool) -> None:
        if alone and not self._alone:
            logger.warning("requests are counted by this process alone, since Redis does not answer")
        elif self._alone and not alone:
            logger.info("requests are counted by all processes together again")
        self._alone = alone


def _kind(key: str) -> str:
    return key.partition("/")[0]


def _put(table: _Table, key: str, count: _Count) -> None:
    """Keeps a table bounded: the oldest go."""
    table[key] = count
    while len(table) > _MOST_COUNTS:
        table.popitem(last=False)
