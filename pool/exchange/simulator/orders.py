"""Accounts, orders and fills, as values. Amounts are Decimal, times are milliseconds of the exchange's clock."""

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from enum import StrEnum

ZERO = Decimal(0)
_EIGHT_DIGITS = Decimal("0.00000001")


class Side(StrEnum):
    BUY = "BUY"
    SELL = "SELL"


class OrderType(StrEnum):
    LIMIT = "LIMIT"
    LIMIT_MAKER = "LIMIT_MAKER"
    MARKET = "MARKET"
    STOP_LOSS_LIMIT = "STOP_LOSS_LIMIT"
    TAKE_PROFIT_LIMIT = "TAKE_PROFIT_LIMIT"

    @property
    def waits(self) -> bool:
        """Sleeps until its stop price is reached."""
        return self in (OrderType.STOP_LOSS_LIMIT, OrderType.TAKE_PROFIT_LIMIT)


class TimeInForce(StrEnum):
    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"


class Status(StrEnum):
    NEW = "NEW"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"

    @property
    def open(self) -> bool:
        return self in (Status.NEW, Status.PARTIALLY_FILLED)


@dataclass(frozen=True)
class Account:
    """Owner of orders and balances. `fee_rate` is a ratio of each fill, maker and taker alike."""

    id: int
    key: str
    """Names it to `/control/`."""
    fee_rate: Decimal
    pays_in_bnb: bool
    created_ms: int


@dataclass
class Balance:
    """Of one asset: `free` may be spent, `locked` backs open orders."""

    free: Decimal = ZERO
    locked: Decimal = ZERO


@dataclass
class Order:
    """`locked` is what it still holds back: of the quote asset for a purchase, of the base asset for a sale."""

    id: int
    account_id: int
    symbol: str
    client_order_id: str
    side: Side
    type: OrderType
    time_in_force: TimeInForce
    price: Decimal
    quantity: Decimal
    quote_quantity: Decimal
    stop_price: Decimal
    executed: Decimal
    quote_executed: Decimal
    locked: Decimal
    status: Status
    working: bool
    """On the book, or gone from it; False while a stop order sleeps."""
    created_ms: int
    updated_ms: int

    @property
    def remaining(self) -> Decimal:
        return self.quantity - self.executed


@dataclass(frozen=True)
class Fill:
    """One execution."""

    id: int
    account_id: int
    order_id: int
    symbol: str
    side: Side
    price: Decimal
    quantity: Decimal
    quote_quantity: Decimal
    fee: Decimal
    fee_asset: str
    maker: bool
    time_ms: int


@dataclass(frozen=True)
class Ticket:
    """An order as it is asked for, already well-formed. Amounts that do not apply are zero."""

    symbol: str
    side: Side
    type: OrderType
    time_in_force: TimeInForce
    price: Decimal
    quantity: Decimal
    quote_quantity: Decimal
    stop_price: Decimal
    client_order_id: str


def eight_digits(amount: Decimal) -> Decimal:
    """Cut, not rounded, as an exchange does in its own favour."""
    return amount.quantize(_EIGHT_DIGITS, rounding=ROUND_DOWN)


def told(amount: Decimal) -> str:
    """As Binance writes amounts."""
    return f"{eight_digits(amount):f}"
