"""Prices that bots wait for, and which of them are crossed. Pure.

A watch that is crossed wakes its bot once, and is armed again by another threshold or once the price has gone back. As
long as it stays crossed the bot is woken again after growing delays: it may have looked at a moment when its own view
of the price was another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from pool.contract.risk import Watch

AGAIN_SECONDS = 1.0
AGAIN_LIMIT_SECONDS = 60.0
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


class Watches:
    """All watches of all bots."""

    def __init__(self) -> None:
        self._bots: dict[str, tuple[str, list[_Kept]]] = {}

    def put(self, bot_id: str, exchange: str, watches: Sequence[Watch]) -> None:
        """All that a bot waits for; those that it waited for already stay as they are."""
        _, before = self._bots.get(bot_id, (exchange, []))
        known = {_key(kept.watch): kept for kept in before}
        kept = [known.get(_key(watch)) or _Kept(watch) for watch in watches]
        if kept:
            self._bots[bot_id] = (exchange, kept)
        else:
            self.forget(bot_id)

    def forget(self, bot_id: str) -> None:
        self._bots.pop(bot_id, None)

    def venues(self) -> dict[Venue, list[str]]:
        """What to ask where: the symbols, in order."""
        found: dict[Venue, set[str]] = {}
        for exchange, kept in self._bots.values():
            for one in kept:
                found.setdefault(Venue(exchange, one.watch.market), set()).add(one.watch.symbol)
        return {venue: sorted(symbols) for venue, symbols in found.items()}

    def crossed(self, venue: Venue, quotes: Mapping[str, Quote], now: float) -> dict[str, list[int]]:
        """Trades to wake each bot for, after new prices of one venue. `now` is of the monotonic clock."""
        found: dict[str, list[int]] = {}
        for bot_id, (exchange, kept) in self._bots.items():
            if exchange != venue.exchange:
                continue
            trades = [one.watch.trade_id for one in kept if one.watch.market == venue.market and _due(one, quotes, now)]
            if trades:
                found[bot_id] = list(dict.fromkeys(trades))
        return found


def is_crossed(watch: Watch, quote: Quote) -> bool:
    """A long is closed at the bid, a short at the ask."""
    price = quote.ask if watch.is_short else quote.bid
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
    return (watch.trade_id, watch.symbol, watch.market, watch.is_short, watch.below, watch.above)
