"""Takes single orders on margin: holds them against rules and margin, fills what can be filled, and ends them.

Called within a transaction of the ledger by the engine, which knows what time it is.
"""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from pool.exchange.simulator import matching
from pool.exchange.simulator.book import Book, make_book
from pool.exchange.simulator.engine import PartialFills
from pool.exchange.simulator.futures.filters import check_filters
from pool.exchange.simulator.futures.ledger import ASSET, FEE_ASSET, FuturesLedger
from pool.exchange.simulator.futures.perpetuals import TAKER_RATE, Perpetuals
from pool.exchange.simulator.futures.positions import (
    Force,
    FuturesOrder,
    FuturesTicket,
    FuturesType,
    Position,
    initial_margin,
    new_order,
)
from pool.exchange.simulator.futures.settlement import release, settle
from pool.exchange.simulator.listings import Listing
from pool.exchange.simulator.market import Market
from pool.exchange.simulator.orders import ZERO, Side, Status
from pool.exchange.simulator.problems import INSUFFICIENT_BALANCE, WOULD_TAKE, Problem, rejected

_BOOK_LEVELS = 100
_FEE_COIN = FEE_ASSET + ASSET


class Desk:
    """`rule` tells how a symbol's orders are filled (`Engine.rule`)."""

    def __init__(
        self,
        market: Market,
        perpetuals: Perpetuals,
        ledger: FuturesLedger,
        rule: Callable[[str], PartialFills | None],
    ) -> None:
        self._market = market
        self._perpetuals = perpetuals
        self._ledger = ledger
        self._rule = rule

    def price(self, symbol: str, second: int) -> Decimal:
        """Last price, and mark price."""
        return self._market.ticks(symbol, second) * self._perpetuals.listings[symbol].tick

    def enter(self, account_id: int, ticket: FuturesTicket, now_ms: int, algo_id: int) -> FuturesOrder:
        """Accept an order and fill what can be filled at once; everything is checked before anything is written.
        `algo_id` is where it came from, or 0. Raises `Problem` where Binance would refuse it."""
        listing = self._perpetuals.listings[ticket.symbol]
        book = self._book(listing, now_ms // 1000)
        check_filters(ticket, listing, self.price(ticket.symbol, now_ms // 1000))
        leverage, isolated = self._ledger.settings(account_id, ticket.symbol)
        if not isolated:
            raise rejected("The paper exchange trades with isolated margin only: set marginType to ISOLATED first.")
        position = self._ledger.position(account_id, ticket.symbol)
        if ticket.reduce_only and not position.opposes(ticket.side):
            # Binance says -2022, which ccxt knows by the real host alone.
            raise rejected("ReduceOnly Order is rejected.")
        if ticket.reduce_only:  # one for more than there is becomes one for what there is
            ticket = replace(ticket, quantity=min(ticket.quantity, abs(position.amount)))
        executions = self._immediate(listing, book, ticket)
        if ticket.time_in_force is Force.GTX and executions:
            raise Problem(400, -5022, WOULD_TAKE)
        if ticket.time_in_force is Force.FOK and matching.total(executions)[0] < ticket.quantity:
            executions = []
        locked = self._check_margin(account_id, ticket, position, book, listing, executions, leverage)
        order = self._ledger.add_order(new_order(account_id, ticket, locked, algo_id, now_ms))
        self._ledger.change(account_id, order.symbol, "order", now_ms, free=-locked, locked=locked, order_id=order.id)
        for price, quantity in executions:
            self._fill(order, price, quantity, False, now_ms)
        at_once = order.type is FuturesType.MARKET or order.time_in_force in (Force.IOC, Force.FOK)
        if order.status.open and at_once:
            self.end(order, Status.EXPIRED, now_ms)
        self._ledger.save_order(order)
        return order

    def fill_resting(self, listing: Listing, order: FuturesOrder, moment_ms: int) -> None:
        """The market trades at its price or beyond."""
        rule = self._rule(order.symbol)
        quantity = matching.portion(listing, order, rule.ratio if rule else None)
        self._fill(order, order.price, quantity, True, moment_ms)
        self._ledger.save_order(order)

    def end(self, order: FuturesOrder, status: Status, now_ms: int) -> None:
        """It is over; not yet saved."""
        release(self._ledger, order, now_ms)
        order.status, order.updated_ms = status, now_ms

    def exhausted(self, order: FuturesOrder) -> bool:
        """Whether the rule lets it fill no further."""
        rule = self._rule(order.symbol)
        return rule is not None and rule.most is not None and len(self._ledger.fills_of(order.id)) >= rule.most

    def _immediate(self, listing: Listing, book: Book, ticket: FuturesTicket) -> list[matching.Execution]:
        quantity = ticket.quantity
        if ticket.type is FuturesType.MARKET:
            return matching.sweep(listing, book, ticket.side, quantity, None)
        rule = self._rule(ticket.symbol)
        if rule is not None:
            quantity = min(quantity, max(listing.lot, matching.whole_lots(listing, ticket.quantity * rule.ratio)))
        return matching.sweep(listing, book, ticket.side, quantity, ticket.price)

    def _check_margin(
        self, account_id: int, ticket: FuturesTicket, position: Position, book: Book, listing: Listing,
        executions: list[matching.Execution], leverage: int,
    ) -> Decimal:  # fmt: skip
        """The margin that the order locks while it rests; what opening can take must be free. Raises `Problem`."""
        closing = abs(position.amount) if position.opposes(ticket.side) else ZERO
        opening = ZERO if ticket.reduce_only else max(ZERO, ticket.quantity - closing)
        if not opening:
            return ZERO
        market = ticket.type is FuturesType.MARKET
        quantity, cost = matching.total(executions)
        best = int(book.bid_ticks[0] if ticket.side is Side.SELL else book.ask_ticks[0]) * listing.tick
        price = (cost / quantity if quantity else best) if market else ticket.price
        if ticket.side is Side.SELL:
            price = max(price, best)
        held = position.worth(best) if not closing else ZERO
        if self._perpetuals.bracket(ticket.symbol, held + opening * price).leverage < leverage:
            raise Problem(400, -2027, "Exceeded the maximum allowable position at current leverage.")
        needed = initial_margin(price, opening, leverage)
        fee = price * opening * TAKER_RATE if market else ZERO
        if self._ledger.purse(account_id).free < needed + fee:  # -2019, with words that ccxt knows from any host
            raise Problem(400, -2019, INSUFFICIENT_BALANCE)
        return ZERO if market else needed

    def _fill(self, order: FuturesOrder, price: Decimal, quantity: Decimal, maker: bool, now_ms: int) -> None:
        if order.reduce_only:
            position = self._ledger.position(order.account_id, order.symbol)
            quantity = min(quantity, abs(position.amount)) if position.opposes(order.side) else ZERO
            if not quantity:
                self.end(order, Status.EXPIRED, now_ms)
                return
        leverage, _ = self._ledger.settings(order.account_id, order.symbol)
        coin_price = self.price(_FEE_COIN, now_ms // 1000) if _FEE_COIN in self._perpetuals.listings else None
        settle(self._ledger, order, price, quantity, maker, leverage, now_ms, coin_price)

    def _book(self, listing: Listing, second: int) -> Book:
        return make_book(listing, self._market.ticks(listing.symbol, second), second, _BOOK_LEVELS)
