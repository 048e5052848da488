"""The ledger's own rules. Pure.

Every movement of money is an entry: postings to places, which sum to zero in each currency, so nothing is created or
lost; what comes from outside comes from a place that says so and goes below zero for it. A wallet has these places:

    free            money that no bot has been given
    capital         what a bot has: its stake currency, and of spot the coins that it holds
    position        of futures: the contracts that a bot holds (above zero long, below short) and, with the other sign,
                    what they were entered for
    outside         where deposits come from and withdrawals go
    trading         the market: what was sold to it and bought from it in trades that are open
    results         what ended trades brought, fees and funding aside: below zero is a profit, which came from here
    fees, funding   what was paid to the exchange, and for holding positions
    reconciliation  what an exchange account has more or less than the ledger knew

`outside`, `trading`, `results`, `fees`, `funding` and `reconciliation` are not the user's: a wallet is worth the sum of
the others. Amounts are exact, with 18 places; `kit.money` counts with 100 digits, so no sum is rounded.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from orchestrator.kit.money import ZERO, add, money, negate, tidy

LARGEST = Decimal(10) ** 20
"""Amounts and balances stay below: more digits no column holds."""


class PlaceKind(StrEnum):
    """See above."""

    FREE = "free"
    CAPITAL = "capital"
    POSITION = "position"
    OUTSIDE = "outside"
    TRADING = "trading"
    RESULTS = "results"
    FEES = "fees"
    FUNDING = "funding"
    RECONCILIATION = "reconciliation"


class EntryKind(StrEnum):
    """Why money moves."""

    DEPOSIT = "deposit"
    WITHDRAW = "withdraw"
    ALLOCATE = "allocate"
    TAKE_BACK = "take_back"
    FILL = "fill"
    FEE = "fee"
    FUNDING = "funding"
    REALISED = "realised"
    RECONCILIATION = "reconciliation"


class Unbalanced(ValueError):
    """Postings that do not sum to zero, or are no amounts that the ledger holds: nothing of them is written."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where money is, within one wallet. `bot_id` is empty where no bot is concerned."""

    kind: PlaceKind
    currency: str
    bot_id: str = ""


@dataclass(frozen=True, slots=True)
class Posting:
    """So much comes to a place; below zero it goes from there."""

    place: Place
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Entry:
    """One movement, and the key under which its wallet takes it once. Raises Unbalanced."""

    kind: EntryKind
    key: str
    at: datetime
    """When it happened."""
    postings: tuple[Posting, ...]
    bot_id: str = ""
    note: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    """What it is about, as JSON has it: pair, order, trade."""

    def __post_init__(self) -> None:
        check_balanced(self.postings)


def check_balanced(postings: Iterable[Posting]) -> None:
    """Raises Unbalanced."""
    sums: dict[str, Decimal] = {}
    count = 0
    for one in postings:
        if not one.amount or one.amount != money(one.amount) or one.amount.copy_abs() >= LARGEST:
            raise Unbalanced(f"{one.amount} {one.place.currency} is no amount that the ledger holds")
        sums[one.place.currency] = add((sums.get(one.place.currency, ZERO), one.amount))
        count += 1
    if not count:
        raise Unbalanced("there is nothing to write")
    for currency, amount in sums.items():
        if amount:
            raise Unbalanced(f"postings in {currency} sum to {amount:f}, not to zero")


def transfer(source: Place, target: Place, amount: Decimal) -> tuple[Posting, ...]:
    """From one place to another of the same currency; below zero it goes the other way, and zero is no posting."""
    if source.currency != target.currency:
        raise Unbalanced(f"{source.currency} does not become {target.currency} by itself")
    amount = money(amount)
    return (Posting(source, negate(amount)), Posting(target, amount)) if amount else ()


def deposit(key: str, at: datetime, currency: str, amount: Decimal, note: str = "") -> Entry:
    """Money that comes into the wallet."""
    moved = transfer(Place(PlaceKind.OUTSIDE, currency), Place(PlaceKind.FREE, currency), amount)
    return Entry(EntryKind.DEPOSIT, key, at, moved, note=note, data=_asked(currency, amount))


def withdraw(key: str, at: datetime, currency: str, amount: Decimal, note: str = "") -> Entry:
    """Money that leaves the wallet."""
    moved = transfer(Place(PlaceKind.FREE, currency), Place(PlaceKind.OUTSIDE, currency), amount)
    return Entry(EntryKind.WITHDRAW, key, at, moved, note=note, data=_asked(currency, amount))


def _asked(currency: str, amount: Decimal) -> dict[str, str]:
    """What was asked for, so that another request under the same key is noticed."""
    return {"currency": currency, "amount": f"{tidy(amount):f}"}


def allocate(key: str, at: datetime, bot_id: str, currency: str, amount: Decimal, note: str = "") -> Entry:
    """Money that a bot is given."""
    moved = transfer(Place(PlaceKind.FREE, currency), Place(PlaceKind.CAPITAL, currency, bot_id), amount)
    return Entry(EntryKind.ALLOCATE, key, at, moved, bot_id, note)


def take_back(key: str, at: datetime, bot_id: str, amounts: Mapping[str, Decimal], note: str = "") -> Entry:
    """Money, and of a bot that is gone coins, that come back from a bot, by currency."""
    moved = tuple(
        posting
        for currency, amount in sorted(amounts.items())
        for posting in transfer(Place(PlaceKind.CAPITAL, currency, bot_id), Place(PlaceKind.FREE, currency), amount)
    )
    return Entry(EntryKind.TAKE_BACK, key, at, moved, bot_id, note)


def reconcile(key: str, at: datetime, currency: str, amount: Decimal, note: str) -> Entry:
    """What an exchange account has more (below zero: less) than the ledger knew: money is free, contracts, which are
    named by their pair, are a position of no bot's."""
    kind = PlaceKind.POSITION if "/" in currency else PlaceKind.FREE
    moved = transfer(Place(PlaceKind.RECONCILIATION, currency), Place(kind, currency), amount)
    return Entry(EntryKind.RECONCILIATION, key, at, moved, note=note)
