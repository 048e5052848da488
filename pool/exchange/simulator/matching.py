"""What trades against what: pure functions on prices, quantities and the book."""

from collections.abc import Iterable
from decimal import ROUND_DOWN, ROUND_UP, Decimal
from typing import Protocol

import numpy as np

from pool.exchange.simulator.book import Book
from pool.exchange.simulator.listings import Listing
from pool.exchange.simulator.noise import Integers
from pool.exchange.simulator.orders import ZERO, Order, OrderType, Side

Execution = tuple[Decimal, Decimal]
"""Price and quantity."""


class Resting(Protocol):
    """An order on the book, of whichever market."""

    @property
    def side(self) -> Side: ...

    @property
    def price(self) -> Decimal: ...

    @property
    def quantity(self) -> Decimal: ...

    @property
    def remaining(self) -> Decimal: ...


def sweep(
    listing: Listing, book: Book, side: Side, quantity: Decimal, limit: Decimal | None, budget: Decimal | None = None
) -> list[Execution]:
    """What an order takes from the book at once: up to `quantity` no worse than `limit`, costing at most `budget`."""
    if side is Side.BUY:
        levels = zip(book.ask_ticks.tolist(), book.ask_lots.tolist(), strict=True)
    else:
        levels = zip(book.bid_ticks.tolist(), book.bid_lots.tolist(), strict=True)
    executions: list[Execution] = []
    for price, offered in _priced(listing, levels):
        if limit is not None and (price > limit if side is Side.BUY else price < limit):
            break
        taken = min(quantity, offered)
        if budget is not None:
            taken = min(taken, whole_lots(listing, budget / price))
            budget -= taken * price
        if taken <= 0:
            break
        executions.append((price, taken))
        quantity -= taken
        if quantity <= 0:
            break
    return executions


def first_trigger(order: Order, listing: Listing, path: Integers) -> int | None:
    """Position in `path` (ticks) at which a stop order wakes; None if it sleeps on."""
    rises = (order.side is Side.BUY) == (order.type is OrderType.STOP_LOSS_LIMIT)
    return first_reached(listing, path, order.stop_price, rises)


def first_cross(order: Resting, listing: Listing, path: Integers) -> int | None:
    """Position in `path` (ticks) at which a resting order trades: the market trades at its price or beyond."""
    return first_reached(listing, path, order.price, rises=order.side is Side.SELL)


def would_trigger(side: Side, kind: OrderType, stop_price: Decimal, last: Decimal) -> bool:
    """A stop order that would wake the moment it is placed, which Binance refuses."""
    rises = (side is Side.BUY) == (kind is OrderType.STOP_LOSS_LIMIT)
    return last >= stop_price if rises else last <= stop_price


def portion(listing: Listing, order: Resting, ratio: Decimal | None) -> Decimal:
    """How much of a resting order one opportunity fills: all that remains, or a share of the whole, at least a lot."""
    if ratio is None:
        return order.remaining
    share = max(listing.lot, whole_lots(listing, order.quantity * ratio))
    return min(order.remaining, share)


def first_reached(listing: Listing, path: Integers, price: Decimal, rises: bool) -> int | None:
    """Position in `path` (ticks) at which it is first at `price` or above (`rises`), or at it or below."""
    rounding = ROUND_UP if rises else ROUND_DOWN
    ticks = int((price / listing.tick).to_integral_value(rounding=rounding))
    reached = np.flatnonzero(path >= ticks if rises else path <= ticks)
    return int(reached[0]) if len(reached) else None


def whole_lots(listing: Listing, quantity: Decimal) -> Decimal:
    """Cut to whole lots."""
    return quantity.quantize(listing.lot, rounding=ROUND_DOWN) if quantity > ZERO else ZERO


def total(executions: Iterable[Execution]) -> tuple[Decimal, Decimal]:
    """Quantity and cost."""
    quantity, cost = ZERO, ZERO
    for price, taken in executions:
        quantity += taken
        cost += price * taken
    return quantity, cost


def _priced(listing: Listing, levels: Iterable[tuple[int, int]]) -> Iterable[Execution]:
    return ((ticks * listing.tick, lots * listing.lot) for ticks, lots in levels)
