"""Answers of exchanges in memory, those used last kept for longest, within a number of bytes."""

from collections import OrderedDict
from collections.abc import Iterator

from pool.contract.freshness import Moment, holds_candle

MOST_BYTES = 256 * 1024 * 1024
MOST_BYTES_EACH = 32 * 1024 * 1024
_OVERHEAD = 1_000
_MOST_REMEMBERED = 8
_MOST_SEARCHED_BYTES = 8 * 1024 * 1024
"""What is larger holds no candles of one pair."""


class Entry:
    """An answer with status 200, and when the exchange was asked for it."""

    __slots__ = ("_holds", "asked", "body", "content_type")

    def __init__(self, body: bytes, content_type: str, asked: Moment) -> None:
        self.body = body
        self.content_type = content_type
        self.asked = asked
        self._holds: dict[tuple[int, int], bool] = {}

    def holds(self, opened_ms: int, length_ms: int) -> bool:
        """Whether that candle is in it; looked for once."""
        known = self._holds.get((opened_ms, length_ms))
        if known is None:
            if len(self._holds) >= _MOST_REMEMBERED:
                self._holds.clear()
            known = len(self.body) <= _MOST_SEARCHED_BYTES and holds_candle(self.body, opened_ms, length_ms)
            self._holds[opened_ms, length_ms] = known
        return known


class Cache:
    """By key; see `asking.shared_key`."""

    def __init__(self, most_bytes: int = MOST_BYTES, most_bytes_each: int = MOST_BYTES_EACH) -> None:
        self._most = most_bytes
        self._most_each = min(most_bytes, most_bytes_each)
        self._entries: OrderedDict[str, Entry] = OrderedDict()
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def get(self, key: str) -> Entry | None:
        entry = self._entries.get(key)
        if entry is not None:
            self._entries.move_to_end(key)
        return entry

    def put(self, key: str, entry: Entry) -> bool:
        """Keep it in place of an older one; False where it is too large, or the kept one was asked for later."""
        old = self._entries.get(key)
        if old is not None and old.asked.steady > entry.asked.steady:
            return False
        self.drop(key)
        size = _size(key, entry)
        if size > self._most_each:
            return False
        self._entries[key] = entry
        self.bytes += size
        while self.bytes > self._most:
            self.drop(next(iter(self._entries)))
        return True

    def drop(self, key: str) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self.bytes -= _size(key, entry)


def _size(key: str, entry: Entry) -> int:
    return len(entry.body) + len(key) + _OVERHEAD
