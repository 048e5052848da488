"""How many things one user may hold open at once, so that nobody uses up what all share."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from orchestrator.errors import TooManyRequests

_RETRY_SECONDS = 5


class Quota:
    """Kept in memory. `what` names the things in the plural."""

    def __init__(self, limit: int, what: str) -> None:
        self._limit = limit
        self._what = what
        self._open: Counter[str] = Counter()

    @property
    def open(self) -> int:
        """How many all users hold."""
        return self._open.total()

    def check(self, user_id: str) -> None:
        """Raises TooManyRequests where the user holds as many as allowed."""
        if self._open[user_id] >= self._limit:
            raise TooManyRequests(
                f"You have {self._limit} {self._what} open, which is the most; close one, then try again.",
                retry_after_seconds=_RETRY_SECONDS,
                limit=self._limit,
            )

    @contextmanager
    def taken(self, user_id: str) -> Iterator[None]:
        """Holds one more for the length of the block. Raises TooManyRequests."""
        self.check(user_id)
        self._open[user_id] += 1
        try:
            yield
        finally:
            self._open[user_id] -= 1
            if not self._open[user_id]:
                del self._open[user_id]
