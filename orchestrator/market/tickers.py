"""Prices for whoever listens: one poll of an exchange for all, and none where nobody listens."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol

from loguru import logger

from orchestrator.errors import Error, ExchangeUnreachable, InvalidSpec

SECONDS = 1.0
"""Least time between two prices of a pair."""
AT_ONCE = 20
"""Pairs that one request may name: exchanges count more of them dearly."""
_LONGEST_PAUSE_SECONDS = 60.0
_ANSWER_SECONDS = 10.0
"""So long each answer is waited for: what comes later is no price of now."""
_REST_SECONDS = 30.0
"""What did not answer in time is not asked again for so long."""
_APART_AT_ONCE = 2
"""Of all that is asked apart: `MarketData` has more places, whatever hangs."""
Ticker = dict[str, Any]


class Asking(Protocol):
    """`service.MarketData`."""

    async def tickers(self, exchange: str, trading_mode: str, pairs: Sequence[str]) -> dict[str, Ticker]: ...


class Listener:
    """What one client has not been told yet: of each pair the newest price alone."""

    def __init__(self, pairs: Sequence[str]) -> None:
        self.pairs = tuple(pairs)
        self.troubled = False
        """Its pairs are asked for apart from others' until that goes well. It need not be its fault."""
        self.rests_until = float("-inf")
        """By the loop's clock: not asked for before, as the last answer said."""
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
        self._apart: dict[tuple[tuple[str, str], tuple[str, ...]], asyncio.Task[None]] = {}
        """By the pairs that are asked for apart."""
        self._apart_places = asyncio.Semaphore(_APART_AT_ONCE)
        self._closed = False

    @property
    def open(self) -> int:
        """How many listen."""
        return sum(map(len, self._listeners.values()))

    @asynccontextmanager
    async def listening(self, exchange: str, trading_mode: str, pairs: Sequence[str]) -> AsyncIterator[Listener]:
        """Raises InvalidSpec for a pair that is not traded, and what `MarketData.tickers` does."""
        first: dict[str, Ticker] = {}
        for part in _parts(pairs):
            first |= await self._market.tickers(exchange, trading_mode, part)
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
                self._end(key)

    def close(self) -> None:
        """Ends all streams in good order; those opened later end at once."""
        self._closed = True
        for listener in [one for listeners in self._listeners.values() for one in listeners]:
            listener.end()

    def _end(self, key: tuple[str, str]) -> None:
        poll = self._polls.pop(key, None)
        alone = [self._apart.pop(one) for one in list(self._apart) if one[0] == key]
        for task in [poll, *alone]:
            if task is not None:
                task.cancel()

    async def _poll(self, key: tuple[str, str]) -> None:
        count = 1
        while True:
            await asyncio.sleep(self._seconds * count)
            try:
                count = max(1, await self._round(key))
            except Exception:  # the boundary of the task: whoever listens would hear nothing any more
                logger.exception("prices of {} could not be read", key[0])

    async def _round(self, key: tuple[str, str]) -> int:
        """Asks once for all pairs, and waits for none of whoever is troubled. How many requests they are."""
        ready = [one for one in self._listeners[key] if not one.troubled and one.rests_until <= _now()]
        together = _parts({pair for one in ready for pair in one.pairs})
        for part in together:
            error = await self._ask(key, part)
            if error is not None:
                self._suspect(key, part, error)
        alone = {one.pairs for one in self._listeners[key] if one.troubled and one.rests_until <= _now()}
        begun = [pairs for pairs in alone if (key, pairs) not in self._apart]
        for pairs in begun:
            self._apart[key, pairs] = asyncio.create_task(self._alone(key, pairs), name=f"tickers-{key[0]}")
        return len(together) + len(begun)

    def _suspect(self, key: tuple[str, str], part: list[str], error: Error) -> None:
        """What failed together is asked for apart: one's pair that cannot be told silences nobody else."""
        whose = [one for one in self._listeners[key] if not one.troubled and not set(part).isdisjoint(one.pairs)]
        if len({one.pairs for one in whose}) == 1:
            _tell(whose, error)
        for listener in whose:
            listener.troubled = True

    async def _alone(self, key: tuple[str, str], pairs: tuple[str, ...]) -> None:
        """Of those alone who listen to these; once at a time."""
        try:
            await self._ask_alone(key, pairs)
        finally:
            if self._apart.get((key, pairs)) is asyncio.current_task():
                del self._apart[key, pairs]

    async def _ask_alone(self, key: tuple[str, str], pairs: tuple[str, ...]) -> None:
        errors = []
        for part in _parts(pairs):
            async with self._apart_places:
                errors.append(await self._ask(key, part))
        whose = [one for one in self._listeners.get(key, ()) if one.pairs == pairs]
        error = next((one for one in errors if one is not None), None)
        if error is not None:
            _tell(whose, error)
            return
        for listener in whose:
            listener.troubled = False

    async def _ask(self, key: tuple[str, str], pairs: Sequence[str]) -> Error | None:
        """Offers what is told of them. What is wrong, if anything."""
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                self._offer(key, await self._market.tickers(*key, pairs))
        except Error as error:
            return error
        except TimeoutError:
            return ExchangeUnreachable("The exchange tells these prices too late.", retry_after_seconds=_REST_SECONDS)
        return None

    def _offer(self, key: tuple[str, str], found: dict[str, Ticker]) -> None:
        for listener in self._listeners.get(key, ()):
            listener.offer(found)


def _tell(listeners: Iterable[Listener], error: Error) -> None:
    seconds = min(float(error.params.get("retry_after_seconds", SECONDS)), _LONGEST_PAUSE_SECONDS)
    for listener in listeners:
        listener.troubled = True
        listener.rests_until = _now() + seconds
        listener.trouble(error.message)


def _now() -> float:
    return asyncio.get_running_loop().time()


def _parts(pairs: Iterable[str]) -> list[list[str]]:
    """What one request may ask for at a time: so many, and of one kind of market."""
    kinds: dict[tuple[bool, bool], list[str]] = {}
    for pair in sorted(pairs):
        kinds.setdefault(_kind(pair), []).append(pair)
    return [kind[number : number + AT_ONCE] for kind in kinds.values() for number in range(0, len(kind), AT_ONCE)]


def _kind(pair: str) -> tuple[bool, bool]:
    """Whether it settles in its quote, and on a day: exchanges tell these by other requests."""
    traded, _, settled = pair.partition(":")
    settle, _, expiry = settled.partition("-")
    return settle in ("", traded.rpartition("/")[2]), bool(expiry)
