"""Takes orders, fills them against the market, and keeps the ledger.

An order that crosses the book when it arrives takes from it. What rests is filled, at its own price, in the first later
second in which the market trades at its price or beyond; stop orders wake in the first second that reaches their stop
price. Since prices are a function of time, a restarted exchange finds the same seconds again: it looks from each
order's last change on, and orders fill as if it had never been away.
"""

from dataclasses import dataclass, replace
from decimal import Decimal

from pool.exchange.simulator import matching
from pool.exchange.simulator.book import Book, make_book
from pool.exchange.simulator.filters import check_filters
from pool.exchange.simulator.ledger import Ledger
from pool.exchange.simulator.listings import Listing
from pool.exchange.simulator.market import Market
from pool.exchange.simulator.orders import ZERO, Account, Fill, Order, OrderType, Side, Status, Ticket, TimeInForce
from pool.exchange.simulator.problems import (
    DUPLICATE_ORDER,
    INSUFFICIENT_BALANCE,
    WOULD_TAKE,
    WOULD_TRIGGER,
    Problem,
    filter_failure,
    rejected,
)
from pool.exchange.simulator.rendering import MOST_OPEN_ORDERS, MOST_STOP_ORDERS
from pool.exchange.simulator.settlement import settle, unlock

_BOOK_LEVELS = 100
_MOST_SECONDS_AT_ONCE = 86_400


@dataclass(frozen=True)
class PartialFills:
    """How orders that rest are filled: each second that reaches them fills `ratio` of the whole, `most` times at most.

    An order that crosses on arrival is held to the same portion, and the rest of it rests (or expires, IOC and FOK).
    """

    ratio: Decimal
    most: int | None = None


class Engine:
    """Changes orders and balances; every public method is one transaction."""

    def __init__(self, market: Market, ledger: Ledger) -> None:
        self._market = market
        self._ledger = ledger
        self._looked_at: dict[int, int] = {}
        self._partial: dict[str, PartialFills] = {}

    def set_partial_fills(self, symbol: str | None, rule: PartialFills | None) -> None:
        """For one symbol or all of them; None ends it."""
        if rule is not None:
            self._partial[symbol or "*"] = rule
        elif symbol is None:
            self._partial.clear()
        else:
            self._partial.pop(symbol, None)

    def rule(self, symbol: str) -> PartialFills | None:
        """How a symbol's orders are filled now, in every market that has it; None for whole."""
        return self._partial.get(symbol) or self._partial.get("*")

    def advance(self, now_ms: int) -> None:
        """Let the market act on open orders up to now."""
        orders = self._ledger.open_orders()
        if not orders:
            self._looked_at.clear()
            return
        with self._ledger.transaction():
            for order in orders:
                self._catch_up(order, now_ms)

    def check(self, account: Account, ticket: Ticket, now_ms: int) -> None:
        """Raises `Problem` where `place` would refuse before it looks at balances."""
        listing = self._market.listings[ticket.symbol]
        last = self._market.ticks(ticket.symbol, now_ms // 1000) * listing.tick
        check_filters(ticket, listing, last)
        waiting = self._ledger.open_orders(account.id)
        here = [order for order in waiting if order.symbol == ticket.symbol]
        if len(here) >= MOST_OPEN_ORDERS:
            raise filter_failure("MAX_NUM_ORDERS")
        if ticket.type.waits and sum(order.type.waits for order in here) >= MOST_STOP_ORDERS:
            raise filter_failure("MAX_NUM_ALGO_ORDERS")
        if any(order.client_order_id == ticket.client_order_id for order in waiting):
            raise rejected(DUPLICATE_ORDER)
        if ticket.type.waits and matching.would_trigger(ticket.side, ticket.type, ticket.stop_price, last):
            raise rejected(WOULD_TRIGGER)

    def place(self, account: Account, ticket: Ticket, now_ms: int) -> Order:
        """Accept an order and fill what can be filled at once. Raises `Problem` where Binance would refuse it."""
        with self._ledger.transaction():
            return self._place(account, ticket, now_ms)

    def cancel(self, order: Order, now_ms: int) -> Order:
        """Take an open order off the book. Raises `Problem` -2011 if it is not open."""
        with self._ledger.transaction():
            return self._cancel(order, now_ms)

    def replace(self, account: Account, order: Order, ticket: Ticket, now_ms: int) -> tuple[Order, Order | Problem]:
        """Cancel one order, then place another; the cancellation stands even if the new order is refused."""
        with self._ledger.transaction():
            canceled = self._cancel(order, now_ms)
        try:
            return canceled, self.place(account, ticket, now_ms)
        except Problem as problem:
            return canceled, problem

    def _place(self, account: Account, ticket: Ticket, now_ms: int) -> Order:
        self.check(account, ticket, now_ms)
        listing = self._market.listings[ticket.symbol]
        book = self._book(listing, now_ms // 1000)
        executions = self._immediate(listing, book, ticket)
        if ticket.type is OrderType.LIMIT_MAKER and executions:
            raise rejected(WOULD_TAKE)
        if ticket.time_in_force is TimeInForce.FOK and matching.total(executions)[0] < ticket.quantity:
            executions = []
        self._check_funds(account, listing, ticket, matching.total(executions))
        if not ticket.quantity:  # asked for by cost: its quantity is what that buys
            ticket = replace(ticket, quantity=matching.total(executions)[0])
            if not ticket.quantity:
                raise filter_failure("LOT_SIZE")
        order = self._ledger.add_order(_new_order(account, listing, ticket, now_ms))
        if order.locked:
            asset = listing.quote if order.side is Side.BUY else listing.base
            self._ledger.change(account.id, asset, -order.locked, order.locked, "order", now_ms, order.id)
        for price, quantity in executions:
            self._fill(account, listing, order, price, quantity, False, now_ms)
        at_once = order.type is OrderType.MARKET or (order.time_in_force is not TimeInForce.GTC and order.working)
        if order.status.open and at_once:
            self._end(order, Status.EXPIRED, now_ms)
        self._ledger.save_order(order)
        return order

    def _immediate(self, listing: Listing, book: Book, ticket: Ticket) -> list[matching.Execution]:
        if ticket.type.waits:
            return []
        if ticket.type is OrderType.MARKET:
            if ticket.side is Side.BUY and ticket.quote_quantity:
                return matching.sweep(listing, book, Side.BUY, Decimal("Infinity"), None, ticket.quote_quantity)
            if ticket.quote_quantity:
                bid = int(book.bid_ticks[0]) * listing.tick
                return matching.sweep(
                    listing, book, Side.SELL, matching.whole_lots(listing, ticket.quote_quantity / bid), None
                )
            return matching.sweep(listing, book, ticket.side, ticket.quantity, None)
        rule = self.rule(ticket.symbol)
        quantity = ticket.quantity
        if rule is not None:
            quantity = min(quantity, max(listing.lot, matching.whole_lots(listing, quantity * rule.ratio)))
        return matching.sweep(listing, book, ticket.side, quantity, ticket.price)

    def _check_funds(
        self, account: Account, listing: Listing, ticket: Ticket, at_once: tuple[Decimal, Decimal]
    ) -> None:
        """What the order would cost at most must be free."""
        quantity, cost = at_once
        if ticket.type is OrderType.MARKET:
            asset, needed = (listing.quote, cost) if ticket.side is Side.BUY else (listing.base, quantity)
            if ticket.side is Side.BUY and ticket.quote_quantity:
                needed = ticket.quote_quantity
        elif ticket.side is Side.BUY:
            asset, needed = listing.quote, ticket.price * ticket.quantity
        else:
            asset, needed = listing.base, ticket.quantity
        if self._ledger.balance(account.id, asset).free < needed:
            raise rejected(INSUFFICIENT_BALANCE)

    def _cancel(self, order: Order, now_ms: int) -> Order:
        if not order.status.open:
            raise Problem(400, -2011, "Unknown order sent.")
        order = replace(order)
        self._end(order, Status.CANCELED, now_ms)
        self._ledger.save_order(order)
        return order

    def _catch_up(self, order: Order, now_ms: int) -> None:
        """Walk an open order through the seconds since it was last looked at."""
        listing, second = self._market.listings.get(order.symbol), now_ms // 1000
        if listing is None:  # listed in a larger exchange that ran here before
            return
        account = self._ledger.account_with_id(order.account_id)
        begin = max(order.updated_ms // 1000 + 1, self._looked_at.get(order.id, 0))
        while begin <= second and order.status.open:
            end = min(second, begin + _MOST_SECONDS_AT_ONCE)
            path = self._market.path(order.symbol, begin, end)
            reached = (
                matching.first_cross(order, listing, path)
                if order.working
                else matching.first_trigger(order, listing, path)
            )
            if reached is None or (order.working and self._exhausted(order)):
                self._looked_at[order.id] = begin = end
                if end == second:
                    break
                continue
            moment_ms = min(now_ms, (begin + reached) * 1000 + 999)
            if order.working:
                rule = self.rule(order.symbol)
                quantity = matching.portion(listing, order, rule.ratio if rule else None)
                self._fill(account, listing, order, order.price, quantity, True, moment_ms)
            else:
                self._wake(account, listing, order, moment_ms)
            self._ledger.save_order(order)
            begin += reached + 1
        if not order.status.open:
            self._looked_at.pop(order.id, None)

    def _wake(self, account: Account, listing: Listing, order: Order, moment_ms: int) -> None:
        """A stop order reaches the book, and takes from it where it crosses."""
        order.working, order.updated_ms = True, moment_ms
        book = self._book(listing, moment_ms // 1000)
        rule = self.rule(order.symbol)
        quantity = matching.portion(listing, order, rule.ratio if rule else None)
        executions = matching.sweep(listing, book, order.side, quantity, order.price)
        if order.time_in_force is TimeInForce.FOK and matching.total(executions)[0] < order.quantity:
            executions = []
        for price, taken in executions:
            self._fill(account, listing, order, price, taken, False, moment_ms)
        if order.status.open and order.time_in_force is not TimeInForce.GTC:
            self._end(order, Status.EXPIRED, moment_ms)

    def _exhausted(self, order: Order) -> bool:
        rule = self.rule(order.symbol)
        return rule is not None and rule.most is not None and len(self._ledger.fills_of(order.id)) >= rule.most

    def _book(self, listing: Listing, second: int) -> Book:
        return make_book(listing, self._market.ticks(listing.symbol, second), second, _BOOK_LEVELS)

    def _fill(
        self, account: Account, listing: Listing, order: Order, price: Decimal, quantity: Decimal, maker: bool,
        now_ms: int,
    ) -> Fill:  # fmt: skip
        bnb = self._bnb_price(listing, now_ms // 1000) if account.pays_in_bnb else None
        return settle(self._ledger, account, listing, order, price, quantity, maker, now_ms, bnb)

    def _end(self, order: Order, status: Status, now_ms: int) -> None:
        unlock(self._ledger, self._market.listings[order.symbol], order, now_ms)
        order.status, order.updated_ms, order.working = status, now_ms, True

    def _bnb_price(self, listing: Listing, second: int) -> Decimal | None:
        """Price of a BNB in the listing's quote currency, where there is one."""
        if listing.quote == "BNB":
            return Decimal(1)
        bnb = self._market.listings.get(f"BNB{listing.quote}")
        return self._market.ticks(bnb.symbol, second) * bnb.tick if bnb else None


def _new_order(account: Account, listing: Listing, ticket: Ticket, now_ms: int) -> Order:
    locked = ZERO
    if ticket.type is not OrderType.MARKET:
        locked = ticket.quantity * (ticket.price if ticket.side is Side.BUY else 1)
    return Order(
        id=0,
        account_id=account.id,
        symbol=listing.symbol,
        client_order_id=ticket.client_order_id,
        side=ticket.side,
        type=ticket.type,
        time_in_force=ticket.time_in_force,
        price=ticket.price,
        quantity=ticket.quantity,
        quote_quantity=ticket.quote_quantity,
        stop_price=ticket.stop_price,
        executed=ZERO,
        quote_executed=ZERO,
        locked=locked,
        status=Status.NEW,
        working=not ticket.type.waits,
        created_ms=now_ms,
        updated_ms=now_ms,
    )
