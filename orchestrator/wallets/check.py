"""Whether the ledger is whole: everything sums to zero, balances are what their postings say, nobody is below zero.

What is wrong is told in sentences with the remedy; nothing is mended here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.kit.money import ZERO, add, subtract
from orchestrator.wallets import repository
from orchestrator.wallets.ledger import PlaceKind
from orchestrator.wallets.models import (
    LedgerAccountModel,
    LedgerPostingModel,
    LedgerTransactionModel,
    WalletModel,
)

_CHUNK = 20_000


class FlawKind(StrEnum):
    """What is wrong."""

    UNBALANCED = "unbalanced"
    """A transaction's postings, or a wallet's balances, do not sum to zero in some currency."""
    DIFFERS = "differs"
    """A balance is not the sum of its postings."""
    OVERDRAWN = "overdrawn"
    """Free money or a bot's capital is below zero."""
    LEFT_BEHIND = "left_behind"
    """A bot that is gone still has something: losses that its books have not told, or contracts."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something that should not be."""

    kind: FlawKind
    wallet_id: str
    currency: str
    amount: Decimal
    """By how much."""
    bot_id: str
    message: str


async def check(session: AsyncSession, wallets: Sequence[WalletModel]) -> list[Flaw]:
    """Flaws of these wallets; none where all is well. Reads every posting of them."""
    flaws: list[Flaw] = []
    for wallet in wallets:
        accounts = await repository.accounts(session, [wallet.id])
        flaws += await _of_postings(session, wallet, accounts)
        flaws += _of_balances(wallet, accounts)
        gone = {bot.bot_id for bot in await repository.bots_of(session, wallet.id) if bot.released_at is not None}
        flaws += [_left_behind(wallet, one) for one in accounts if one.bot_id in gone and _is_with_a_bot(one)]
    return flaws


async def _of_postings(
    session: AsyncSession, wallet: WalletModel, accounts: Sequence[LedgerAccountModel]
) -> list[Flaw]:
    by_number = {one.number: one for one in accounts}
    sums: dict[int | None, Decimal] = dict.fromkeys(by_number, ZERO)
    transactions: dict[tuple[int, str], Decimal] = {}
    last = -1
    while rows := await _rows(session, wallet, last):
        for row in rows:
            account = by_number.get(row.account_number)
            currency = account.currency if account else "?"
            sums[row.account_number] = add((sums.get(row.account_number, ZERO), row.amount))
            key = (row.transaction_number, currency)
            transactions[key] = add((transactions.get(key, ZERO), row.amount))
            last = row.number or last
        done = rows[-1].transaction_number  # postings of one transaction follow each other
        for key in [key for key, amount in transactions.items() if not amount and key[0] != done]:
            del transactions[key]
    flaws = [
        Flaw(
            FlawKind.UNBALANCED, wallet.id, currency, amount, "",
            f"Transaction {number} sums to {amount:f} {currency}, not to zero: the database was changed by hand; "
            "restore it from a backup.",
        )
        for (number, currency), amount in transactions.items()
        if amount
    ]  # fmt: skip
    for account in accounts:
        difference = subtract(account.balance, sums[account.number])
        if difference:
            message = (
                f"{account.kind} has {account.balance:f} {account.currency}, and its postings sum to "
                f"{sums[account.number]:f}: the database was changed by hand; restore it from a backup."
            )
            flaws.append(Flaw(FlawKind.DIFFERS, wallet.id, account.currency, difference, account.bot_id, message))
    return flaws


def _of_balances(wallet: WalletModel, accounts: Sequence[LedgerAccountModel]) -> list[Flaw]:
    flaws: list[Flaw] = []
    for currency in sorted({one.currency for one in accounts}):
        total = add(one.balance for one in accounts if one.currency == currency)
        if total:
            message = f"The wallet's places sum to {total:f} {currency}, not to zero: restore it from a backup."
            flaws.append(Flaw(FlawKind.UNBALANCED, wallet.id, currency, total, "", message))
    for one in accounts:
        if one.kind in (PlaceKind.FREE, PlaceKind.CAPITAL) and one.balance < ZERO:
            who = f"The bot {one.bot_id}" if one.bot_id else "The wallet"
            message = (
                f"{who} has {one.balance:f} {one.currency}: it spent what it was not given. Look whether its books or "
                "its account have what the ledger lacks, or give it so much."
            )
            flaws.append(Flaw(FlawKind.OVERDRAWN, wallet.id, one.currency, one.balance, one.bot_id, message))
    return flaws


def _is_with_a_bot(one: LedgerAccountModel) -> bool:
    return one.kind in (PlaceKind.CAPITAL, PlaceKind.POSITION) and bool(one.balance)


def _left_behind(wallet: WalletModel, one: LedgerAccountModel) -> Flaw:
    message = (
        f"The bot {one.bot_id} is gone and still has {one.balance:f} {one.currency}: its last books did not come in, "
        "or it left a position open at the exchange. Look there, and settle the difference."
    )
    return Flaw(FlawKind.LEFT_BEHIND, wallet.id, one.currency, one.balance, one.bot_id, message)


async def _rows(session: AsyncSession, wallet: WalletModel, after: int) -> Sequence[LedgerPostingModel]:
    """The next of the wallet's postings, in the order in which they were written."""
    query = (
        select(LedgerPostingModel)
        .join(
            LedgerTransactionModel,
            col(LedgerTransactionModel.number) == col(LedgerPostingModel.transaction_number),
        )
        .where(col(LedgerTransactionModel.wallet_id) == wallet.id, col(LedgerPostingModel.number) > after)
        .order_by(col(LedgerPostingModel.number))
        .limit(_CHUNK)
    )
    return (await session.exec(query)).all()
