"""Follows the prices that bots wait for, with one request per exchange and kind of market for the whole pool.

While there are watches, best bid and ask are asked for twice a second (Binance's `ticker/bookTicker`, by name for few
symbols, else all), through the gateway where there is one; a bot whose price is crossed is sent a `LookFrame`, and
decides by itself what to do. As long as all of its prices were seen just now it is told so by `FollowFrame`s, with what
they are: one that is not looks every few seconds by itself, so a watcher that sees nothing costs promptness, not
safety. What the exchange refuses makes the watcher slower, as it asks.
"""

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from typing import Any

import aiohttp
from loguru import logger

from pool.agent.asking import Asking
from pool.agent.entry import Entry
from pool.agent.keeper import Keeper
from pool.agent.watches import FEW_SYMBOLS, FOLLOW_SECONDS, Quote, Venue, Watches
from pool.contract.frames import FollowFrame, LookFrame, Quoted
from pool.contract.market import Kind
from pool.contract.risk import Watch

PAPER = "paper"
_BINANCE = {"spot": "https://api.binance.com", "linear": "https://fapi.binance.com"}
_PATHS = {"spot": "/api/v3/ticker/bookTicker", "linear": "/fapi/v1/ticker/bookTicker"}
_INTERVAL_SECONDS = 0.5
_TICKER = Kind(name="ticker", within_ms=400)
"""Not what was told at the look before."""
_REQUEST_SECONDS = 3.0
_BACKOFF_SECONDS = (1.0, 2.0, 5.0, 10.0, 30.0)
_BANNED_SECONDS = 60.0
_LONGEST_PAUSE_SECONDS = 300.0


class _Refused(Exception):
    """The exchange answered no; with the seconds to wait, where it said them."""

    def __init__(self, status: int, pause_seconds: float) -> None:
        super().__init__(f"status {status}")
        self.status = status
        self.pause_seconds = pause_seconds


class Watcher:
    """One per agent; `watch_prices` is its task."""

    def __init__(self, keeper: Keeper, paper_url: str | None, asking: Asking) -> None:
        self.notes: list[str] = []
        """Of exchanges that are not watched, in sentences."""
        self._keeper = keeper
        self._asking = asking
        self._roots = {("binance", market): root for market, root in _BINANCE.items()}
        if paper_url is not None:
            self._roots |= {(PAPER, market): paper_url.rstrip("/") for market in _PATHS}
        self._watches = Watches()
        self._session: aiohttp.ClientSession | None = None
        self._following: dict[Venue, asyncio.Task[None]] = {}
        self._unwatched: set[str] = set()

    def watch(self, entry: Entry, watches: Sequence[Watch], number: int = 0) -> None:
        """All that this bot waits for, in place of what it said before."""
        exchange = entry.facts.spec.exchange
        known = [watch for watch in watches if (exchange, watch.market) in self._roots]
        if len(known) < len(watches) and exchange not in self._unwatched:
            self._unwatched.add(exchange)
            note = f"Prices of {exchange} are not watched: its bots look at their exits every few seconds only."
            self.notes.append(note)
            logger.warning(note)
        complete = len(known) == len(watches)
        self._watches.put(entry.bot_id, exchange, known, number if complete else None)
        self._follow_all()

    def forget(self, bot_id: str) -> None:
        """The bot is not connected: it tells anew what it waits for."""
        self._watches.forget(bot_id)

    async def watch_prices(self) -> None:
        """Until cancelled."""
        timeout = aiohttp.ClientTimeout(total=_REQUEST_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as self._session:
            self._follow_all()
            try:
                await asyncio.Event().wait()
            finally:
                for task in self._following.values():
                    task.cancel()
                await asyncio.gather(*self._following.values(), return_exceptions=True)
                self._session = None

    def _follow_all(self) -> None:
        if self._session is None:
            return
        for venue in self._watches.venues():
            if venue not in self._following:
                self._following[venue] = asyncio.create_task(self._follow(venue, self._session))

    async def _follow(self, venue: Venue, session: aiohttp.ClientSession) -> None:
        """As long as anybody waits for a price there."""
        failures, by_name = 0, True
        try:
            while symbols := self._watches.venues().get(venue):
                asked_at = time.monotonic()
                try:
                    quotes = await self._ask(session, venue, symbols if by_name else [])
                    pause = max(_INTERVAL_SECONDS - (time.monotonic() - asked_at), 0.05)
                    if failures:
                        logger.info("prices of {} are watched again", venue.exchange)
                    failures = 0
                    self._wake(venue, quotes, asked_at)
                except _Refused as refusal:
                    pause = self._told(venue, refusal, failures)
                    failures += 1
                    if refusal.status == 400:  # of a name that the exchange does not know, all others would suffer
                        by_name = False
                        pause = _INTERVAL_SECONDS
                except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as problem:
                    pause = self._told(venue, problem, failures)
                    failures += 1
                except Exception:  # the task's boundary: whatever the exchange says, prices are to be watched on
                    logger.exception("prices of {} cannot be watched", venue.exchange)
                    pause = _BACKOFF_SECONDS[-1]
                await asyncio.sleep(pause)
        finally:
            del self._following[venue]

    async def _ask(self, session: aiohttp.ClientSession, venue: Venue, symbols: Sequence[str]) -> dict[str, Quote]:
        url = self._roots[(venue.exchange, venue.market)] + _PATHS[venue.market]
        answer = await self._asking.get(session, venue.exchange, url, _parameters(venue, symbols), _TICKER)
        if answer.status != 200:
            raise _Refused(answer.status, _pause(answer.status, answer.headers))
        return read_quotes(json.loads(answer.body))

    def _wake(self, venue: Venue, quotes: Mapping[str, Quote], asked_at: float) -> None:
        for bot_id, trade_ids in self._watches.crossed(venue, quotes, time.monotonic()).items():
            entry = self._keeper.entries.get(bot_id)
            if entry is not None and entry.connection is not None:
                entry.connection.send(LookFrame(trade_ids=trade_ids))
        seen_at = time.clock_gettime(time.CLOCK_BOOTTIME) - (time.monotonic() - asked_at)
        until = seen_at + FOLLOW_SECONDS
        for bot_id, number in self._watches.followed(venue, quotes, time.monotonic()).items():
            entry = self._keeper.entries.get(bot_id)
            if entry is not None and entry.connection is not None:
                seen = {
                    symbol: Quoted(bid=quotes[symbol].bid, ask=quotes[symbol].ask)
                    for symbol in self._watches.symbols(bot_id, venue) & quotes.keys()
                }
                entry.connection.send(FollowFrame(number=number, until=until, seen_at=seen_at, quotes=seen))

    def _told(self, venue: Venue, problem: Exception, failures: int) -> float:
        """Logs the first of a row; answers how long to wait."""
        if failures == 0:
            logger.warning("prices of {} cannot be asked: {}", venue.exchange, problem or type(problem).__name__)
        asked = problem.pause_seconds if isinstance(problem, _Refused) else 0.0
        return max(asked, _BACKOFF_SECONDS[min(failures, len(_BACKOFF_SECONDS) - 1)])


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
