"""What is read of an exchange account, whichever exchange it is on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Protocol

ZERO = Decimal(0)


class ExchangeTrouble(Exception):
    """The account could not be read. The message is a sentence without secrets."""


class ExchangeBusy(ExchangeTrouble):
    """It wants to be left alone, or our share of its rate limit is used up. `seconds` says for how long."""

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds


class KeyRefused(ExchangeTrouble):
    """The key is not taken: wrong, expired, or used from an address that it is not for."""


@dataclass(frozen=True, slots=True)
class Balance:
    """Of one currency: `locked` backs open orders."""

    free: Decimal
    locked: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        return self.free + self.locked


@dataclass(frozen=True, slots=True)
class AccountOrder:
    """An order as the exchange tells it; amounts of the base currency."""

    pair: str
    order_id: str
    client_order_id: str
    side: str
    open: bool
    amount: Decimal
    filled: Decimal
    at: datetime
    """When it was placed."""
    became: str | None = None
    """Of a conditional order that was triggered, the id of the order that it is now: its fills have that one's."""


@dataclass(frozen=True, slots=True)
class AccountFill:
    """One execution. The exchange counts `number` up within a pair."""

    pair: str
    number: int
    order_id: str
    side: str
    amount: Decimal
    cost: Decimal
    """In the quote currency, before fees."""
    fee: Decimal
    fee_currency: str
    at: datetime
    realised: Decimal | None = None
    """Of futures: what the exchange says that it brought, fees aside, in the currency that the pair is settled in."""

    @property
    def signed(self) -> Decimal:
        """The amount, below zero where it was sold."""
        return self.amount if self.side == "buy" else self.amount.copy_negate()


@dataclass(frozen=True, slots=True)
class AccountIncome:
    """Money that came to an account of futures, or went, without an order being filled."""

    kind: str
    """The exchange's name of it."""
    number: int
    """Unique within its kind."""
    pair: str
    """Empty where it is about none."""
    currency: str
    amount: Decimal
    at: datetime


@dataclass(frozen=True, slots=True)
class AccountReading:
    """The account at one moment of the exchange's clock."""

    at: datetime
    balances: Mapping[str, Balance]
    """Of the currencies of which there is any."""
    orders: Sequence[AccountOrder] = ()
    """Those that are open."""
    positions: Mapping[str, Decimal] = field(default_factory=dict)
    """Of futures, by pair: above zero long, below short."""


@dataclass(frozen=True, slots=True)
class Incomes:
    """What an exchange tells of the money of an account of futures."""

    items: Sequence[AccountIncome] = ()
    """Oldest first; of fills nothing, they are told by themselves."""
    traded: frozenset[str] = frozenset()
    """Pairs in which something was filled."""


class AccountApi(Protocol):
    """One account of one exchange. Every method raises ExchangeTrouble."""

    async def read(self) -> AccountReading: ...

    async def fills(self, pair: str, after: int | None, since: datetime) -> list[AccountFill]:
        """Those with a higher number than `after`, or where that is None since then; oldest first."""

    async def order(self, pair: str, order_id: str) -> AccountOrder | None:
        """None where the exchange does not know it."""

    async def order_named(self, pair: str, client_order_id: str) -> AccountOrder | None:
        """The same by the name that its sender gave it."""

    async def pairs_of(self, currency: str, others: Sequence[str]) -> list[str]:
        """Pairs in which the currency is traded against any of the others."""

    async def incomes(self, since: datetime) -> Incomes:
        """What an account of futures got and paid since then; of spot there is nothing of the kind."""

    async def aclose(self) -> None: ...
