"""Prices that bots wait for, and which of them are crossed. Pure.

A watch that is crossed wakes its bot once, and is armed again by another threshold or once the price has gone back. As
long as it stays crossed the bot is woken again after growing delays: it may have looked at a moment when its own view
of the price was another.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from pool.contract.risk import Watch

AGAIN_SECONDS = 1.0
AGAIN_LIMIT_SECONDS = 60.0
TELL_SECONDS = 2.0
FRESH_SECONDS = 2.0
"""A price that was seen so lately is followed."""
FOLLOW_SECONDS = 5.0
"""A bot may count on that for so long."""
FEW_SYMBOLS = 100
"""Up to so many are asked for by name, more by asking for all."""

Market = Literal["spot", "linear"]


@dataclass(frozen=True, slots=True)
class Venue:
    """Where prices are asked: one request each."""

    exchange: str
    market: Market


@dataclass(frozen=True, slots=True)
class Quote:
    bid: Decimal
    ask: Decimal


@dataclass(slots=True)
class _Kept:
    watch: Watch
    told: int = 0
    """How often its bot was woken since the watch was armed."""
    tell_at: float = 0.0


@dataclass(slots=True)
class _Bot:
    """All that one bot waits for."""

    exchange: str
    kept: list[_Kept]
    number: int | None
    """As the bot counts; None where it waits for more than is known here: it is never told they are followed."""
    told_at: float = -math.inf
    """When it was told last that these are followed."""
    seen: dict[tuple[Market, str], float] = field(default_factory=dict)
    """When each of its symbols was seen last."""


class Watches:
    """All watches of all bots."""

    def __init__(self) -> None:
        self._bots: dict[str, _Bot] = {}

    def put(self, bot_id: str, exchange: str, watches: Sequence[Watch], number: int | None = None) -> None:
        """All that a bot waits for; those that it waited for already stay as they are."""
        bot = self._bots.get(bot_id)
        before = bot.kept if bot is not None else []
        known = {_key(kept.watch): kept for kept in before}
        kept = [known.get(_key(watch)) or _Kept(watch) for watch in watches]
        if kept:
            self._bots[bot_id] = _Bot(exchange, kept, number)
        else:
            self.forget(bot_id)

    def forget(self, bot_id: str) -> None:
        self._bots.pop(bot_id, None)

    def venues(self) -> dict[Venue, list[str]]:
        """What to ask where: the symbols, in order."""
        found: dict[Venue, set[str]] = {}
        for bot in self._bots.values():
            for one in bot.kept:
                found.setdefault(Venue(bot.exchange, one.watch.market), set()).add(one.watch.symbol)
        return {venue: sorted(symbols) for venue, symbols in found.items()}

    def symbols(self, bot_id: str, venue: Venue) -> set[str]:
        """What one bot waits for there."""
        bot = self._bots.get(bot_id)
        if bot is None or bot.exchange != venue.exchange:
            return set()
        return {one.watch.symbol for one in bot.kept if one.watch.market == venue.market}

    def crossed(self, venue: Venue, quotes: Mapping[str, Quote], now: float) -> dict[str, list[int]]:
        """Trades to wake each bot for, after new prices of one venue. `now` is of the monotonic clock."""
        found: dict[str, list[int]] = {}
        for bot_id, bot in self._bots.items():
            if bot.exchange != venue.exchange:
                continue
            own = [one for one in bot.kept if one.watch.market == venue.market]
            trades = [one.watch.trade_id for one in own if _due(one, quotes, now)]
            if trades:
                found[bot_id] = list(dict.fromkeys(trades))
        return found

    def followed(
        self, venue: Venue, quotes: Mapping[str, Quote], now: float, seen_at: float | None = None
    ) -> dict[str, int]:
        """The number of the watches of each bot all of whose symbols were seen just now, where that is news to it: at
        first, and every `TELL_SECONDS`. `seen_at` is when the exchange was asked for `quotes`."""
        found: dict[str, int] = {}
        for bot_id, bot in self._bots.items():
            if bot.exchange != venue.exchange or bot.number is None:
                continue
            wanted = {(one.watch.market, one.watch.symbol) for one in bot.kept}
            seen = ((market, symbol) for market, symbol in wanted if market == venue.market and symbol in quotes)
            bot.seen.update(dict.fromkeys(seen, now if seen_at is None else seen_at))
            fresh = all(now - bot.seen.get(one, -math.inf) < FRESH_SECONDS for one in wanted)
            if fresh and now - bot.told_at >= TELL_SECONDS:
                bot.told_at = now
                found[bot_id] = bot.number
        return found


def is_crossed(watch: Watch, quote: Quote) -> bool:
    """A long is closed at the bid, a short at the ask, unless its bot prices exits otherwise."""
    price = quote.ask if (watch.side or ("ask" if watch.is_short else "bid")) == "ask" else quote.bid
    return (watch.below is not None and price <= watch.below) or (watch.above is not None and price >= watch.above)


def _due(kept: _Kept, quotes: Mapping[str, Quote], now: float) -> bool:
    quote = quotes.get(kept.watch.symbol)
    if quote is None:
        return False
    if not is_crossed(kept.watch, quote):
        kept.told, kept.tell_at = 0, 0.0
        return False
    if now < kept.tell_at:
        return False
    kept.tell_at = now + min(AGAIN_SECONDS * 2 ** min(kept.told, 10), AGAIN_LIMIT_SECONDS)
    kept.told += 1
    return True


def _key(watch: Watch) -> tuple[object, ...]:
    return (watch.trade_id, watch.symbol, watch.market, watch.is_short, watch.side, watch.below, watch.above)
