"""Whose start is next. All at once each takes as long as all, and bots that trade wait among them: few start at a time.

Those with open trades go first: until they run nobody manages these. Those that failed lately go last, so that an
exchange that is down keeps no bot of another one.
"""

from collections.abc import Mapping

from pool.agent import table
from pool.agent.entry import Entry

_ASKED_SECONDS = 2.0
"""A bot that is to be started asks at each tick."""


class Starts:
    """Of `entries`, so many `at_once`. All times are seconds of the monotonic clock."""

    def __init__(self, entries: Mapping[str, Entry], at_once: int) -> None:
        self._entries = entries
        self._at_once = at_once
        self._starting: set[str] = set()
        """Bots that were started lately; some of them have started by now, perhaps."""
        self._queue: dict[str, tuple[float, float]] = {}
        """Bots that may not start yet: when each asked first, and last."""

    def may_start(self, bot_id: str, now: float) -> bool:
        """It asks; who is told that it may is starting from then on."""
        first, _ = self._queue.get(bot_id, (now, now))
        self._queue[bot_id] = (first, now)
        if len(self._starting) >= self._at_once:
            self._count(now)
        if len(self._starting) >= self._at_once or bot_id not in self._next(now):
            return False
        del self._queue[bot_id]
        self._starting.add(bot_id)
        return True

    def over(self, bot_id: str, now: float) -> list[str]:
        """Who may ask again since that bot starts no longer; one of them that cannot be started is followed by the next
        at the next tick."""
        if bot_id not in self._starting or self._is_starting(bot_id, now):
            return []
        self._count(now)
        return self._next(now)

    def _next(self, now: float) -> list[str]:
        """Of those that asked for it just now."""
        self._queue = {
            bot_id: asked
            for bot_id, asked in self._queue.items()
            if bot_id in self._entries and now - asked[1] <= _ASKED_SECONDS
        }
        order = sorted(self._queue, key=self._rank)
        return order[: max(0, self._at_once - len(self._starting))]

    def _rank(self, bot_id: str) -> tuple[bool, bool, float]:
        entry = self._entries[bot_id]
        return entry.facts.delays > 0, not entry.has_open_trades, self._queue[bot_id][0]

    def _count(self, now: float) -> None:
        self._starting = {one for one in self._starting if self._is_starting(one, now)}

    def _is_starting(self, bot_id: str, now: float) -> bool:
        entry = self._entries.get(bot_id)
        return entry is not None and table.starting(entry.facts, now)
