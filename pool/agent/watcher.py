"""Follows the prices that bots wait for, with one request per exchange and kind of market for the whole pool.

While there are watches, best bid and ask are asked for (`looks`): what the gateway follows, as soon as there is news;
without it Binance's own tickers, twice a second. A bot whose price is crossed is sent a
`LookFrame`, and decides by itself what to do. As long as all of its prices were seen just now it is told so by
`FollowFrame`s, with what they are: one that is not looks every few seconds by itself, so a watcher that sees nothing
costs promptness, not safety. What the exchange refuses makes the watcher slower, as it asks.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence

import aiohttp
from loguru import logger

from pool.agent.asking import Asking
from pool.agent.entry import Entry
from pool.agent.keeper import Keeper
from pool.agent.looks import INTERVAL_SECONDS, Refused, Sources, Unseen, Useless
from pool.agent.watches import FOLLOW_SECONDS, Quote, Venue, Watches
from pool.contract.frames import FollowFrame, LookFrame, Quoted
from pool.contract.risk import Watch

_REQUEST_SECONDS = 3.0
_BACKOFF_SECONDS = (1.0, 2.0, 5.0, 10.0, 30.0)
_UNSEEN_SECONDS = 1.0
"""The gateway says so at once, and asks the exchange no faster for being asked."""
_USELESS_SECONDS = 300.0


class Watcher:
    """One per agent; `watch_prices` is its task."""

    def __init__(self, keeper: Keeper, paper_url: str | None, asking: Asking) -> None:
        self.notes: list[str] = []
        """Of exchanges that are not watched, in sentences."""
        self._keeper = keeper
        self._sources = Sources(asking, paper_url)
        self._watches = Watches()
        self._session: aiohttp.ClientSession | None = None
        self._following: dict[Venue, asyncio.Task[None]] = {}
        self._unwatched: set[str] = set()

    def watch(self, entry: Entry, watches: Sequence[Watch], number: int = 0) -> None:
        """All that this bot waits for, in place of what it said before."""
        exchange = entry.facts.spec.exchange
        known = [watch for watch in watches if self._sources.knows(exchange, watch.market)]
        if len(known) < len(watches):
            self._note(exchange)
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
        failures, source = 0, self._sources.of(venue)
        try:
            while symbols := self._watches.venues().get(venue):
                try:
                    look = await source.look(session, symbols)
                    pause = look.pause
                    if failures:
                        logger.info("prices of {} are watched again", venue.exchange)
                    failures = 0
                    self._wake(venue, look.quotes, look.asked_at)
                except Useless as problem:
                    self._note(venue.exchange, str(problem))
                    pause = _USELESS_SECONDS
                except (Refused, Unseen, aiohttp.ClientError, TimeoutError, OSError, ValueError) as problem:
                    pause = self._told(venue, problem, failures)
                    failures += 1
                except Exception:  # the task's boundary: whatever the exchange says, prices are to be watched on
                    logger.exception("prices of {} cannot be watched", venue.exchange)
                    pause = _BACKOFF_SECONDS[-1]
                await asyncio.sleep(pause)
        finally:
            del self._following[venue]

    def _wake(self, venue: Venue, quotes: Mapping[str, Quote], asked_at: float) -> None:
        for bot_id, trade_ids in self._watches.crossed(venue, quotes, time.monotonic()).items():
            entry = self._keeper.entries.get(bot_id)
            if entry is not None and entry.connection is not None:
                entry.connection.send(LookFrame(trade_ids=trade_ids))
        seen_at = time.clock_gettime(time.CLOCK_BOOTTIME) - (time.monotonic() - asked_at)
        until = seen_at + FOLLOW_SECONDS
        for bot_id, number in self._watches.followed(venue, quotes, time.monotonic(), asked_at).items():
            entry = self._keeper.entries.get(bot_id)
            if entry is not None and entry.connection is not None:
                seen = {
                    symbol: Quoted(bid=quotes[symbol].bid, ask=quotes[symbol].ask)
                    for symbol in self._watches.symbols(bot_id, venue) & quotes.keys()
                }
                entry.connection.send(FollowFrame(number=number, until=until, seen_at=seen_at, quotes=seen))

    def _note(self, exchange: str, why: str = "") -> None:
        """Once for each exchange: nobody watches its prices."""
        if exchange in self._unwatched:
            return
        self._unwatched.add(exchange)
        note = f"Prices of {exchange} are not watched: its bots look at their exits every few seconds only."
        self.notes.append(f"{note} {why}".strip())
        logger.warning(self.notes[-1])

    def _told(self, venue: Venue, problem: Exception, failures: int) -> float:
        """Logs the first of a row; answers how long to wait."""
        if failures == 0:
            logger.warning("prices of {} cannot be asked: {}", venue.exchange, problem or type(problem).__name__)
        if isinstance(problem, Unseen):
            return _UNSEEN_SECONDS
        if isinstance(problem, Refused) and problem.status == 400:  # it is asked otherwise from now on
            return INTERVAL_SECONDS
        asked = problem.pause_seconds if isinstance(problem, Refused) else 0.0
        return max(asked, _BACKOFF_SECONDS[min(failures, len(_BACKOFF_SECONDS) - 1)])
