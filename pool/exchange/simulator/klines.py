"""Candles as bytes: rows of closed candles are kept, so that a minute later only the new ones are made."""

import asyncio

from pool.exchange.simulator.intervals import Interval
from pool.exchange.simulator.listings import LISTED_AT_SECONDS
from pool.exchange.simulator.market import Market
from pool.exchange.simulator.rendering import joined, kline_rows

MOST_CANDLES = 1_000
_MOST_SERIES = 256


class Klines:
    """`klines` bodies for a market. One series (symbol, interval) must not be asked for from two threads at once."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._closed: dict[tuple[str, str], tuple[int, list[bytes]]] = {}
        self.heavy = asyncio.Lock()
        """Held by whoever asks from a thread."""

    def body(
        self, symbol: str, interval: Interval, limit: int, start_ms: int | None, end_ms: int | None, second: int
    ) -> bytes:
        """The candles Binance would pick: from `start_ms` on, else the last ones that open by `end_ms` or now."""
        oldest, present = interval.index(LISTED_AT_SECONDS), interval.index(second)
        last = present if end_ms is None else min(present, interval.index(end_ms // 1000))
        if start_ms is None:
            first = max(oldest, last - limit + 1)
        else:
            first = max(oldest, interval.index(-(-start_ms // 1000) - 1) + 1)
            last = min(last, first + limit - 1)
        if first > last:
            return b"[]"
        if last == present and first > present - MOST_CANDLES:
            return self._recent(symbol, interval, first, present, second)
        return joined(self._rows(symbol, interval, first, last, second))

    def _recent(self, symbol: str, interval: Interval, first: int, present: int, second: int) -> bytes:
        begin, rows = self._closed.get((symbol, interval.name), (present, []))
        if begin + len(rows) < first or begin + len(rows) > present:
            begin, rows = present, []
        if not rows:
            begin = first
        if first < begin:
            rows = self._rows(symbol, interval, first, begin - 1, second) + rows
            begin = first
        known_to = begin + len(rows)
        fresh = self._rows(symbol, interval, known_to, present, second)
        rows = rows + fresh[:-1]
        surplus = max(0, len(rows) - MOST_CANDLES)
        self._remember((symbol, interval.name), begin + surplus, rows[surplus:])
        return joined([*rows[first - begin :], fresh[-1]])

    def _rows(self, symbol: str, interval: Interval, first: int, last: int, second: int) -> list[bytes]:
        bars = self._market.bars(symbol, interval, first, last, second)
        return kline_rows(self._market.listings[symbol], interval, first, bars)

    def _remember(self, series: tuple[str, str], begin: int, rows: list[bytes]) -> None:
        self._closed.pop(series, None)
        self._closed[series] = (begin, rows)  # the youngest goes last
        while len(self._closed) > _MOST_SERIES:
            del self._closed[next(iter(self._closed))]
