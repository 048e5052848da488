"""Prices for whoever listens: one poll of an exchange for all, and none where nobody listens."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol

from loguru import logger

from orchestrator.errors import Error, InvalidSpec

SECONDS = 1.0
"""Least time between two prices of a pair."""
AT_ONCE = 20
"""Pairs that one request may name: exchanges count more of them dearly."""
_LONGEST_PAUSE_SECONDS = 60.0
Ticker = dict[str, Any]


class Asking(Protocol):
    """`service.MarketData`."""

    async def tickers(self, exchange: str, trading_mode: str, pairs: Sequence[str]) -> dict[str, Ticker]: ...


class Listener:
    """What one client has not been told yet: of each pair the newest price alone."""

    def __init__(self, pairs: Sequence[str]) -> None:
        self.pairs = tuple(pairs)
        self._told: dict[str, Ticker] = {}
        self._waiting: dict[str, Ticker] = {}
        self._trouble: str | None = None
        self._something = asyncio.Event()
        self._ended = False

    def offer(self, tickers: dict[str, Ticker]) -> None:
        for pair in self.pairs:
            found = tickers.get(pair)
            if found is not None and self._told.get(pair) != found:
                self._told[pair] = self._waiting[pair] = found
                self._something.set()

    def trouble(self, sentence: str) -> None:
        self._trouble = sentence
        self._something.set()

    def end(self) -> None:
        self._ended = True
        self._something.set()

    async def next(self) -> tuple[dict[str, Ticker], str | None] | None:
        """New prices, and what is wrong, if anything; None at the end. Waits for one of them."""
        await self._something.wait()
        self._something.clear()
        if self._ended:
            return None
        told, self._waiting = self._waiting, {}
        trouble, self._trouble = self._trouble, None
        return told, trouble


class Tickers:
    """One per process. Close it with `close`."""

    def __init__(self, market: Asking, seconds: float = SECONDS) -> None:
        self._market = market
        self._seconds = seconds
        self._listeners: dict[tuple[str, str], set[Listener]] = {}
        self._polls: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._closed = False

    @property
    def open(self) -> int:
        """How many listen."""
        return sum(map(len, self._listeners.values()))

    @asynccontextmanager
    async def listening(self, exchange: str, trading_mode: str, pairs: Sequence[str]) -> AsyncIterator[Listener]:
        """Raises InvalidSpec for a pair that is not traded, and what `MarketData.tickers` does."""
        first = await self._market.tickers(exchange, trading_mode, pairs)
        missing = [pair for pair in pairs if pair not in first]
        if missing:
            raise InvalidSpec(f"{exchange} does not trade {missing[0]}; search its pairs.", field="pair")
        key, listener = (exchange, trading_mode), Listener(pairs)
        listener.offer(first)
        self._listeners.setdefault(key, set()).add(listener)
        if self._closed:
            listener.end()
        elif key not in self._polls:
            self._polls[key] = asyncio.create_task(self._poll(key), name=f"tickers-{exchange}")
        try:
            yield listener
        finally:
            listeners = self._listeners[key]
            listeners.discard(listener)
            if not listeners:
                del self._listeners[key]
                poll = self._polls.pop(key, None)
                if poll is not None:
                    poll.cancel()

    def close(self) -> None:
        """Ends all streams in good order; those opened later end at once."""
        self._closed = True
        for listener in [one for listeners in self._listeners.values() for one in listeners]:
            listener.end()

    async def _poll(self, key: tuple[str, str]) -> None:
        listeners = self._listeners[key]
        while True:
            pairs = sorted({pair for listener in listeners for pair in listener.pairs})
            parts = [pairs[number : number + AT_ONCE] for number in range(0, len(pairs), AT_ONCE)]
            await asyncio.sleep(self._seconds * len(parts))
            try:
                for part in parts:
                    found = await self._market.tickers(*key, part)
                    for listener in list(listeners):
                        listener.offer(found)
            except Error as error:
                for listener in list(listeners):
                    listener.trouble(error.message)
                seconds = float(error.params.get("retry_after_seconds", self._seconds))
                await asyncio.sleep(min(seconds, _LONGEST_PAUSE_SECONDS))
            except Exception:  # the boundary of the task: whoever listens would hear nothing any more
                logger.exception("prices of {} could not be read", key[0])
