"""How the watcher looks at prices: at what the node's gateway follows; without it at Binance's own tickers."""

import asyncio
import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol

import aiohttp

from pool.agent.asking import Asking
from pool.agent.watches import FEW_SYMBOLS, FRESH_SECONDS, Quote, Venue
from pool.contract.market import Kind, Prices, PricesRequest

PAPER = "paper"
INTERVAL_SECONDS = 0.5
_BINANCE = {"spot": "https://api.binance.com", "linear": "https://fapi.binance.com"}
_PATHS = {"spot": "/api/v3/ticker/bookTicker", "linear": "/fapi/v1/ticker/bookTicker"}
_TICKER = Kind(name="ticker", within_ms=400)
"""Not what was told at the look before."""
_WAIT_MS = 1_000
_FEED_SECONDS = 1.5
"""Of a request's three seconds, so that there is time to ask the exchange itself."""
_AGAIN_SECONDS = 2.0
_AT_ONCE_SECONDS = 0.05
_BANNED_SECONDS = 60.0
_LONGEST_PAUSE_SECONDS = 300.0


class Refused(Exception):
    """Who was asked answered no; with the seconds to wait, where that was said."""

    def __init__(self, status: int, pause_seconds: float) -> None:
        super().__init__(f"status {status}")
        self.status = status
        self.pause_seconds = pause_seconds


class Useless(Exception):
    """Prices that bots could wait for are not to be had there: a sentence."""


class Unseen(Exception):
    """The gateway sees none for now: a sentence."""


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen. `asked_at` is of the monotonic clock, before the exchange was asked."""

    quotes: Mapping[str, Quote]
    asked_at: float
    pause: float
    """Until the next one."""


class Source(Protocol):
    async def look(self, session: aiohttp.ClientSession, symbols: Sequence[str]) -> Look:
        """Raises Refused, Useless, Unseen, aiohttp.ClientError, TimeoutError, OSError, ValueError."""
        ...


class Sources:
    """Which there are. `paper_url` is the paper exchange's root."""

    def __init__(self, asking: Asking, paper_url: str | None) -> None:
        self._asking = asking
        self._roots = {("binance", market): root for market, root in _BINANCE.items()}
        if paper_url is not None:
            self._roots |= {(PAPER, market): paper_url.rstrip("/") for market in _PATHS}

    def knows(self, exchange: str, market: str) -> bool:
        return (exchange, market) in self._roots or self._asking.has_gateway

    def of(self, venue: Venue, clock: Callable[[], float] = time.monotonic) -> Source:
        """Of one that is known."""
        root = self._roots.get((venue.exchange, venue.market))
        if root is None:
            return _Gateway(self._asking, venue)
        own = _Tickers(self._asking, venue, root)
        return _Either(self._asking, _Gateway(self._asking, venue), own, clock) if self._asking.has_gateway else own


class _Tickers:
    """Binance's `ticker/bookTicker`, by name for few symbols, else all."""

    def __init__(self, asking: Asking, venue: Venue, root: str) -> None:
        self._asking = asking
        self._venue = venue
        self._url = root + _PATHS[venue.market]
        self._by_name = True

    async def look(self, session: aiohttp.ClientSession, symbols: Sequence[str]) -> Look:
        asked_at = time.monotonic()
        asked = _parameters(self._venue, symbols if self._by_name else [])
        answer = await self._asking.get(session, self._venue.exchange, self._url, asked, _TICKER)
        if answer.status != 200:
            if answer.status == 400:  # of a name that the exchange does not know, all others would suffer
                self._by_name = False
            raise Refused(answer.status, _pause(answer.status, answer.headers))
        quotes = read_quotes(json.loads(answer.body))
        return Look(quotes, asked_at, max(INTERVAL_SECONDS - (time.monotonic() - asked_at), _AT_ONCE_SECONDS))


class _Gateway:
    """What the gateway follows: each answer is newer than the one before, or comes after a while."""

    def __init__(self, asking: Asking, venue: Venue) -> None:
        self._asking = asking
        self._venue = venue
        self._number = 0

    async def look(self, session: aiohttp.ClientSession, symbols: Sequence[str], wait_ms: int = _WAIT_MS) -> Look:
        request = PricesRequest(
            exchange=self._venue.exchange,
            market=self._venue.market,
            symbols=list(symbols),
            after=self._number,
            wait_ms=wait_ms,
        )
        sent = time.monotonic()
        answer = await self._asking.prices(session, request)
        if answer.status != 200:
            raise Refused(answer.status, _pause(answer.status, answer.headers))
        told = Prices.model_validate_json(answer.body)
        if not told.usable:
            raise Useless(told.problem or "")
        if told.problem is not None:
            raise Unseen(told.problem)
        self._number = told.number
        return Look(fresh_quotes(told), seen_at(told, sent), _AT_ONCE_SECONDS)


class _Either:
    """What the gateway follows, while that is fresh and whole; else the exchange's tickers. The gateway is tried again
    every two seconds, without waiting for news, so that what it has to begin with is not missed meanwhile."""

    def __init__(
        self, asking: Asking, feed: _Gateway, own: _Tickers, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._asking = asking
        self._clock = clock
        self._feed = feed
        self._own = own
        self._by_feed = False
        self._again_at = -math.inf

    async def look(self, session: aiohttp.ClientSession, symbols: Sequence[str]) -> Look:
        if self._by_feed or self._clock() >= self._again_at:
            look = await self._followed(session, symbols)
            self._by_feed = look is not None
            if look is not None:
                return look
            self._again_at = self._clock() + _AGAIN_SECONDS
        return await self._own.look(session, symbols)

    async def _followed(self, session: aiohttp.ClientSession, symbols: Sequence[str]) -> Look | None:
        if not await self._asking.gateway_lives(session):
            return None
        try:
            async with asyncio.timeout(_FEED_SECONDS):
                look = await self._feed.look(session, symbols, _WAIT_MS if self._by_feed else 0)
        except (aiohttp.ClientError, TimeoutError, OSError) as problem:
            self._asking.gateway_failed(problem)
            return None
        except (Refused, Useless, Unseen, ValueError):
            return None
        return look if look.quotes.keys() >= set(symbols) else None


def seen_at(told: Prices, sent: float) -> float:
    """When the exchange was asked for these prices, at the latest: by the clock of `sent`, when the gateway was."""
    return sent + (told.waited_ms - (told.age_ms or 0)) / 1000


def fresh_quotes(told: Prices) -> dict[str, Quote]:
    """What may be acted on: nothing, where it is older than what bots are promised."""
    if told.age_ms is None or told.age_ms > FRESH_SECONDS * 1000:
        return {}
    return {
        symbol: Quote(price.bid, price.ask) for symbol, price in told.prices.items() if price.bid > 0 and price.ask > 0
    }


def read_quotes(body: Any) -> dict[str, Quote]:
    """Of one `bookTicker` or a list of them; what is none is left out."""
    quotes: dict[str, Quote] = {}
    for item in body if isinstance(body, list) else [body]:
        with suppress(KeyError, TypeError, InvalidOperation):
            bid, ask = Decimal(item["bidPrice"]), Decimal(item["askPrice"])
            if bid.is_finite() and ask.is_finite() and bid > 0 and ask > 0:
                quotes[str(item["symbol"])] = Quote(bid, ask)
    return quotes


def _parameters(venue: Venue, symbols: Sequence[str]) -> dict[str, str]:
    if len(symbols) == 1:
        return {"symbol": symbols[0]}
    if venue.market == "spot" and 1 < len(symbols) <= FEW_SYMBOLS:
        return {"symbols": json.dumps(list(symbols), separators=(",", ":"))}
    return {}


def _pause(status: int, headers: Mapping[str, str]) -> float:
    told = headers.get("Retry-After", "")
    if told.isascii() and told.isdigit():
        return min(float(told), _LONGEST_PAUSE_SECONDS)
    return _BANNED_SECONDS if status in (418, 429) else 0.0
