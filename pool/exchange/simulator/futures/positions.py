"""Positions, orders and fills on margin, as values, and the arithmetic of a position. Amounts are Decimal, in USDT
where they are money; times are milliseconds of the exchange's clock.

A position keeps what was paid for it (`cost`) rather than an average price, so that profits add up to the digit.
With amount a (negative for a short), cost c, margin m, price p, and rate r and cum of its bracket:

    unrealised   u = a * p - c                    (c has the sign of a)
    maintenance    = |a| * p * r - cum
    liquidation    = the price at which m + u = maintenance:  p = (c - m - cum) / (a - |a| * r)
    bankruptcy     = the price at which m + u = 0:            p = (c - m) / a

Source: Binance, "Liquidation Protocols" and "How to Calculate Liquidation Price of USDT-M Futures Contracts".
"""

from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, Decimal
from enum import StrEnum

from pool.exchange.simulator.futures.perpetuals import Bracket
from pool.exchange.simulator.orders import ZERO, Side, Status, eight_digits

_SIXTEEN_DIGITS = Decimal("1e-16")


class FuturesType(StrEnum):
    LIMIT = "LIMIT"
    MARKET = "MARKET"
    STOP = "STOP"
    STOP_MARKET = "STOP_MARKET"
    TAKE_PROFIT = "TAKE_PROFIT"
    TAKE_PROFIT_MARKET = "TAKE_PROFIT_MARKET"

    @property
    def conditional(self) -> bool:
        """Sent as an algo order, which becomes an order when its trigger price is reached."""
        return self not in (FuturesType.LIMIT, FuturesType.MARKET)

    @property
    def becomes(self) -> "FuturesType":
        limited = (FuturesType.LIMIT, FuturesType.STOP, FuturesType.TAKE_PROFIT)
        return FuturesType.LIMIT if self in limited else FuturesType.MARKET

    def rises(self, side: Side) -> bool:
        """Whether the price has to rise for the trigger to be reached."""
        return (side is Side.BUY) == (self in (FuturesType.STOP, FuturesType.STOP_MARKET))


class Force(StrEnum):
    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"
    GTX = "GTX"
    """Post only."""


class AlgoStatus(StrEnum):
    NEW = "NEW"
    TRIGGERED = "TRIGGERED"
    CANCELED = "CANCELED"
    REJECTED = "REJECTED"
    """Its order was refused when it was due."""


@dataclass
class Purse:
    """Of one asset: `free` may be spent, `margin` backs positions, `locked` backs open orders."""

    free: Decimal = ZERO
    margin: Decimal = ZERO
    locked: Decimal = ZERO

    @property
    def wallet(self) -> Decimal:
        return self.free + self.margin + self.locked


@dataclass
class FuturesOrder:
    """`locked` is the margin it still holds back; nothing for one that only reduces."""

    id: int
    account_id: int
    symbol: str
    client_order_id: str
    side: Side
    type: FuturesType
    time_in_force: Force
    price: Decimal
    quantity: Decimal
    reduce_only: bool
    executed: Decimal
    quote_executed: Decimal
    locked: Decimal
    status: Status
    algo_id: int
    """The algo order that it came from, or 0."""
    created_ms: int
    updated_ms: int

    @property
    def remaining(self) -> Decimal:
        return self.quantity - self.executed


@dataclass
class AlgoOrder:
    """A conditional order. Looks only at the price; margin is asked for when it is triggered."""

    id: int
    account_id: int
    symbol: str
    client_algo_id: str
    side: Side
    type: FuturesType
    time_in_force: Force
    price: Decimal
    quantity: Decimal
    trigger_price: Decimal
    reduce_only: bool
    close_position: bool
    working_type: str
    status: AlgoStatus
    order_id: int
    """What it became, or 0."""
    created_ms: int
    updated_ms: int


@dataclass(frozen=True)
class FuturesFill:
    """One execution. `realised` is the profit of what it closed, before the fee."""

    id: int
    account_id: int
    order_id: int
    symbol: str
    side: Side
    price: Decimal
    quantity: Decimal
    quote_quantity: Decimal
    realised: Decimal
    fee: Decimal
    fee_asset: str
    maker: bool
    time_ms: int


@dataclass(frozen=True)
class Change:
    """One movement of a purse, with its reason."""

    id: int
    account_id: int
    asset: str
    symbol: str
    free: Decimal
    margin: Decimal
    locked: Decimal
    reason: str
    order_id: int
    time_ms: int

    @property
    def income(self) -> Decimal:
        """What the wallet as a whole gained."""
        return self.free + self.margin + self.locked


@dataclass(frozen=True)
class Closing:
    """What a fill does to a position: `position` afterwards, `realised` profit and `released` margin of what it
    closed, `opened` the quantity that adds to it."""

    position: "Position"
    realised: Decimal
    released: Decimal
    opened: Decimal


@dataclass(frozen=True)
class Position:
    """One symbol of one account, in one-way mode; flat when `amount` is zero."""

    account_id: int
    symbol: str
    amount: Decimal = ZERO
    cost: Decimal = ZERO
    margin: Decimal = ZERO
    updated_ms: int = 0

    @property
    def entry_price(self) -> Decimal:
        return (self.cost / self.amount).quantize(_SIXTEEN_DIGITS) if self.amount else ZERO

    def worth(self, price: Decimal) -> Decimal:
        """Without a sign."""
        return abs(self.amount) * price

    def unrealised(self, price: Decimal) -> Decimal:
        return self.amount * price - self.cost

    def maintenance(self, price: Decimal, bracket: Bracket) -> Decimal:
        return self.worth(price) * bracket.rate - bracket.cum

    def liquidation_price(self, bracket: Bracket) -> Decimal:
        """Zero where no price would do it."""
        if not self.amount:
            return ZERO
        price = (self.cost - self.margin - bracket.cum) / (self.amount - abs(self.amount) * bracket.rate)
        return max(price, ZERO)

    def bankruptcy_price(self) -> Decimal:
        """At which its margin is lost: nobody is closed at a worse one, the insurance fund takes over there. Zero where
        no price would do it."""
        return max(eight_digits((self.cost - self.margin) / self.amount), ZERO) if self.amount else ZERO

    def opposes(self, side: Side) -> bool:
        """Whether an order of this side closes it."""
        return self.amount < 0 if side is Side.BUY else self.amount > 0

    def filled(self, side: Side, price: Decimal, quantity: Decimal, now_ms: int) -> Closing:
        """What a fill makes of it. The margin of what is opened is the caller's to add."""
        sign = 1 if side is Side.BUY else -1
        closed = min(quantity, abs(self.amount)) if self.opposes(side) else ZERO
        rest = self
        realised = released = ZERO
        if closed:
            whole = closed == abs(self.amount)
            cost = self.cost if whole else eight_digits(self.cost * closed / abs(self.amount))
            released = self.margin if whole else eight_digits(self.margin * closed / abs(self.amount))
            realised = -sign * closed * price - cost
            rest = replace(
                self, amount=self.amount + sign * closed, cost=self.cost - cost, margin=self.margin - released
            )
        opened = quantity - closed
        after = replace(
            rest, amount=rest.amount + sign * opened, cost=rest.cost + sign * opened * price, updated_ms=now_ms
        )
        return Closing(after, realised, released, opened)


@dataclass(frozen=True)
class FuturesTicket:
    """An order as it is asked for, already well-formed. Amounts that do not apply are zero."""

    symbol: str
    side: Side
    type: FuturesType
    time_in_force: Force
    price: Decimal
    quantity: Decimal
    trigger_price: Decimal
    reduce_only: bool
    close_position: bool
    working_type: str
    client_id: str


def initial_margin(price: Decimal, quantity: Decimal, leverage: int) -> Decimal:
    """What opening that much takes."""
    return (price * quantity / leverage).quantize(Decimal("1e-8"), rounding=ROUND_DOWN)


def new_order(account_id: int, ticket: FuturesTicket, locked: Decimal, algo_id: int, now_ms: int) -> FuturesOrder:
    """As it is accepted; it has no id yet. `algo_id` is where it came from, or 0."""
    return FuturesOrder(
        id=0,
        account_id=account_id,
        symbol=ticket.symbol,
        client_order_id=ticket.client_id,
        side=ticket.side,
        type=ticket.type,
        time_in_force=ticket.time_in_force,
        price=ticket.price,
        quantity=ticket.quantity,
        reduce_only=ticket.reduce_only,
        executed=ZERO,
        quote_executed=ZERO,
        locked=locked,
        status=Status.NEW,
        algo_id=algo_id,
        created_ms=now_ms,
        updated_ms=now_ms,
    )


def new_algo(account_id: int, ticket: FuturesTicket, now_ms: int) -> AlgoOrder:
    """As it is accepted; it has no id yet."""
    return AlgoOrder(
        id=0,
        account_id=account_id,
        symbol=ticket.symbol,
        client_algo_id=ticket.client_id,
        side=ticket.side,
        type=ticket.type,
        time_in_force=ticket.time_in_force,
        price=ticket.price,
        quantity=ticket.quantity,
        trigger_price=ticket.trigger_price,
        reduce_only=ticket.reduce_only,
        close_position=ticket.close_position,
        working_type=ticket.working_type,
        status=AlgoStatus.NEW,
        order_id=0,
        created_ms=now_ms,
        updated_ms=now_ms,
    )
