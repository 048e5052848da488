"""Takes orders on margin and lets time act on them and on positions: fills, triggers, funding, liquidation.

What rests is looked at as on spot (`simulator.engine`). For each symbol of each account the seconds since the last look
are searched for the first at which anything is due; what is due then happens in a fixed order (funding, liquidation,
triggers, resting orders), and the search goes on behind it. So the outcome depends on prices alone, never on when
somebody looked or whether the exchange was away.
"""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from functools import partial

from pool.exchange.simulator import matching
from pool.exchange.simulator.engine import PartialFills
from pool.exchange.simulator.futures.desk import Desk
from pool.exchange.simulator.futures.filters import check_filters
from pool.exchange.simulator.futures.ledger import FuturesLedger
from pool.exchange.simulator.futures.perpetuals import FUNDING_SECONDS, Perpetuals, next_funding
from pool.exchange.simulator.futures.positions import (
    AlgoOrder,
    AlgoStatus,
    Force,
    FuturesOrder,
    FuturesTicket,
    FuturesType,
    Position,
    new_algo,
    new_order,
)
from pool.exchange.simulator.futures.settlement import forfeit, pay_funding
from pool.exchange.simulator.listings import Listing
from pool.exchange.simulator.market import Market
from pool.exchange.simulator.noise import Integers
from pool.exchange.simulator.orders import ZERO, Side, Status
from pool.exchange.simulator.problems import DUPLICATE_ORDER, WOULD_TRIGGER, Problem, rejected

_MOST_SECONDS_AT_ONCE = 86_400
_MOST_OPEN_ORDERS = 200
_MOST_ALGOS = 100


class FuturesEngine:
    """Changes orders, positions and purses; every public method is one transaction.

    `rule` tells how a symbol's orders are filled (`Engine.rule`).
    """

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
        self._desk = Desk(market, perpetuals, ledger, rule)
        self._looked_at: dict[tuple[int, str], int] = {}

    def advance(self, now_ms: int) -> None:
        """Let the market act on positions and open orders up to now."""
        busy = {(one.account_id, one.symbol) for one in self._ledger.positions()}
        busy |= {(one.account_id, one.symbol) for one in self._ledger.open_orders()}
        busy |= {(one.account_id, one.symbol) for one in self._ledger.open_algos()}
        self._looked_at = {key: second for key, second in self._looked_at.items() if key in busy}
        if not busy:
            return
        with self._ledger.transaction():
            for account_id, symbol in sorted(busy):
                if symbol in self._perpetuals.listings:  # else listed in a larger exchange that ran here before
                    self._catch_up(account_id, symbol, now_ms)

    def price(self, symbol: str, second: int) -> Decimal:
        """Last price, and mark price."""
        return self._desk.price(symbol, second)

    def place(self, account_id: int, ticket: FuturesTicket, now_ms: int) -> FuturesOrder:
        """Accept an order and fill what can be filled at once. Raises `Problem` where Binance would refuse it."""
        with self._ledger.transaction():
            waiting = self._ledger.open_orders(account_id)
            if sum(order.symbol == ticket.symbol for order in waiting) >= _MOST_OPEN_ORDERS:
                raise Problem(400, -2025, "Reach max open order limit.")
            if any(order.client_order_id == ticket.client_id for order in waiting):
                raise rejected(DUPLICATE_ORDER)
            return self._desk.enter(account_id, ticket, now_ms, 0)

    def place_algo(self, account_id: int, ticket: FuturesTicket, now_ms: int) -> AlgoOrder:
        """Accept a conditional order. Raises `Problem` where Binance would refuse it."""
        last = self.price(ticket.symbol, now_ms // 1000)
        check_filters(ticket, self._perpetuals.listings[ticket.symbol], last)
        waiting = self._ledger.open_algos(account_id)
        if sum(algo.symbol == ticket.symbol for algo in waiting) >= _MOST_ALGOS:
            raise Problem(400, -4045, "Reach max stop order limit.")
        if any(algo.client_algo_id == ticket.client_id for algo in waiting):
            raise Problem(400, -20132, "The client algo id is duplicated")
        reached = last >= ticket.trigger_price if ticket.type.rises(ticket.side) else last <= ticket.trigger_price
        if reached:  # Binance's words are others, which ccxt knows by the real host alone
            raise Problem(400, -2021, WOULD_TRIGGER)
        with self._ledger.transaction():
            return self._ledger.add_algo(new_algo(account_id, ticket, now_ms))

    def cancel(self, order: FuturesOrder, now_ms: int) -> FuturesOrder:
        """Take an open order off the book. Raises `Problem` -2011 if it is not open."""
        if not order.status.open:
            raise Problem(400, -2011, "Unknown order sent.")
        order = replace(order)
        with self._ledger.transaction():
            self._desk.end(order, Status.CANCELED, now_ms)
            self._ledger.save_order(order)
        return order

    def cancel_algo(self, algo: AlgoOrder, now_ms: int) -> AlgoOrder:
        """Take back a conditional order. Raises `Problem` -2011 if it waits no longer."""
        if algo.status is not AlgoStatus.NEW:
            raise Problem(400, -2011, "Unknown order sent.")
        algo = replace(algo, status=AlgoStatus.CANCELED, updated_ms=now_ms)
        with self._ledger.transaction():
            self._ledger.save_algo(algo)
        return algo

    def set_leverage(self, account_id: int, symbol: str, leverage: int) -> None:
        """Raises `Problem`: -4028 outside of the brackets, -4161 for less than an open position has."""
        brackets = self._perpetuals.brackets(symbol)
        if not 1 <= leverage <= brackets[0].leverage:
            raise Problem(400, -4028, f"Leverage {leverage} is not valid")
        before, isolated = self._ledger.settings(account_id, symbol)
        position = self._ledger.position(account_id, symbol)
        if leverage < before and position.amount:
            text = "Leverage reduction is not supported in Isolated Margin Mode with open positions."
            raise Problem(400, -4161, text)
        with self._ledger.transaction():
            self._ledger.set_settings(account_id, symbol, leverage, isolated)

    def pay_funding(self, symbol: str, now_ms: int) -> None:
        """A payment beside the usual times, at the rate that is scripted."""
        with self._ledger.transaction():
            for position in self._ledger.positions():
                if position.symbol == symbol:
                    rate = self._perpetuals.funding_rate(symbol, now_ms // 1000)
                    pay_funding(self._ledger, position, self.price(symbol, now_ms // 1000), rate, now_ms)

    # Time

    def _catch_up(self, account_id: int, symbol: str, now_ms: int) -> None:
        """Walk one symbol of one account through the seconds since it was last looked at."""
        key, last = (account_id, symbol), now_ms // 1000
        # The last second is looked at again: prices may have been scripted within it. What happened in it stays, since
        # whatever changed counts from the next second on.
        begin = max(self._looked_at.get(key, 0), self._oldest(account_id, symbol))
        while begin <= last:
            end = min(last, begin + _MOST_SECONDS_AT_ONCE)
            due = self._first_due(account_id, symbol, begin, end)
            if due is not None:
                self._act(account_id, symbol, due, min(now_ms, due * 1000 + 999))
            begin = (end if due is None else due) + 1
        self._looked_at[key] = last

    def _oldest(self, account_id: int, symbol: str) -> int:
        """The first second that anything here has to be looked at."""
        starts = [_start(order.updated_ms) for order in self._ledger.open_orders(account_id, symbol)]
        starts += [_start(algo.updated_ms) for algo in self._ledger.open_algos(account_id, symbol)]
        position = self._ledger.position(account_id, symbol)
        return min([*starts, *([_start(position.updated_ms)] if position.amount else [])])

    def _first_due(self, account_id: int, symbol: str, begin: int, end: int) -> int | None:
        """The first second from `begin` to `end` at which anything happens."""
        listing, path = self._perpetuals.listings[symbol], self._market.path(symbol, begin, end)
        found: list[int] = []

        def look(updated_ms: int, reached: Callable[[Integers], int | None]) -> None:
            start = max(begin, _start(updated_ms))
            place = reached(path[start - begin :]) if start <= end else None
            if place is not None:
                found.append(start + place)

        position = self._ledger.position(account_id, symbol)
        if position.amount:
            start = max(begin, _start(position.updated_ms))
            payment = next_funding(start - 1)
            found += [payment] if payment <= end else []
            look(position.updated_ms, partial(self._liquidated, position, listing))
        for order in self._ledger.open_orders(account_id, symbol):
            if not self._desk.exhausted(order):
                look(order.updated_ms, partial(matching.first_cross, order, listing))
        for algo in self._ledger.open_algos(account_id, symbol):
            look(algo.updated_ms, partial(_triggered, algo, listing))
        return min(found, default=None)

    def _act(self, account_id: int, symbol: str, second: int, moment_ms: int) -> None:
        """What is due at a second, in order."""
        listing, path = self._perpetuals.listings[symbol], self._market.path(symbol, second, second)
        price = int(path[0]) * listing.tick
        position = self._ledger.position(account_id, symbol)
        if position.amount and _start(position.updated_ms) <= second:
            if second % FUNDING_SECONDS == 0:
                rate = self._perpetuals.funding_rate(symbol, second)
                pay_funding(self._ledger, position, price, rate, moment_ms)
                position = self._ledger.position(account_id, symbol)
            if self._liquidated(position, listing, path) is not None:
                self._liquidate(position, price, moment_ms)
        algos, orders = self._ledger.open_algos(account_id, symbol), self._ledger.open_orders(account_id, symbol)
        for algo in algos:
            if _start(algo.updated_ms) <= second and _triggered(algo, listing, path) is not None:
                self._trigger(algo, moment_ms)
        for order in orders:
            crossed = matching.first_cross(order, listing, path) is not None
            if _start(order.updated_ms) <= second and crossed and not self._desk.exhausted(order):
                self._desk.fill_resting(listing, order, moment_ms)

    def _liquidated(self, position: Position, listing: Listing, path: Integers) -> int | None:
        bracket = self._perpetuals.bracket(position.symbol, abs(position.cost))
        price = position.liquidation_price(bracket)
        if price <= 0:
            return None
        return matching.first_reached(listing, path, price, rises=position.amount < 0)

    def _liquidate(self, position: Position, price: Decimal, moment_ms: int) -> None:
        for order in self._ledger.open_orders(position.account_id, position.symbol):
            self._desk.end(order, Status.CANCELED, moment_ms)
            self._ledger.save_order(order)
        side = Side.SELL if position.amount > 0 else Side.BUY
        ticket = FuturesTicket(
            position.symbol, side, FuturesType.MARKET, Force.IOC, ZERO, abs(position.amount), ZERO, True, False,
            "CONTRACT_PRICE", f"autoclose-{moment_ms}",
        )  # fmt: skip
        order = self._ledger.add_order(new_order(position.account_id, ticket, ZERO, 0, moment_ms))
        least = max if position.amount > 0 else min
        forfeit(self._ledger, order, least(price, position.bankruptcy_price()), moment_ms)
        self._ledger.save_order(order)

    def _trigger(self, algo: AlgoOrder, moment_ms: int) -> None:
        """It becomes an order, or is refused as one."""
        position = self._ledger.position(algo.account_id, algo.symbol)
        quantity = abs(position.amount) if algo.close_position else algo.quantity
        ticket = FuturesTicket(
            algo.symbol, algo.side, algo.type.becomes, algo.time_in_force, algo.price, quantity, ZERO, algo.reduce_only,
            False, algo.working_type, algo.client_algo_id,
        )  # fmt: skip
        algo.updated_ms = moment_ms
        try:
            order = self._desk.enter(algo.account_id, ticket, moment_ms, algo.id)
        except Problem:
            algo.status = AlgoStatus.REJECTED
        else:
            algo.status, algo.order_id = AlgoStatus.TRIGGERED, order.id
        self._ledger.save_algo(algo)


def _start(updated_ms: int) -> int:
    """The first second that counts for what was changed then."""
    return updated_ms // 1000 + 1


def _triggered(algo: AlgoOrder, listing: Listing, path: Integers) -> int | None:
    return matching.first_reached(listing, path, algo.trigger_price, algo.type.rises(algo.side))
