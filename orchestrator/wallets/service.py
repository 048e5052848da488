"""Wallets: made, renamed, archived; money that comes in and goes out; what is in them.

Every function takes the session first and never commits. Sessions of a user see his own wallets alone
(`db.tenancy`), so ids come without an owner. Money of paper is deposited and withdrawn at will; what an exchange
account has is told by `adjust`, which the reconciler of accounts calls. What bots have is `wallets.capital`'s matter,
what their orders did `wallets.books`'.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from sqlalchemy.exc import IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.audit import service as audit
from orchestrator.audit.service import BY_SYSTEM, By
from orchestrator.errors import Conflict, IdempotencyMismatch, InsufficientFunds, InvalidSpec, NotFound
from orchestrator.kit.clock import utc_now
from orchestrator.kit.ids import new_id
from orchestrator.kit.money import ZERO, add, money, tidy
from orchestrator.kit.pages import Page
from orchestrator.wallets import ledger, repository
from orchestrator.wallets.ledger import Entry, EntryKind, Place, PlaceKind
from orchestrator.wallets.models import LedgerTransactionModel, WalletModel

WalletKind = Literal["paper", "exchange"]
Market = Literal["spot", "futures"]
SPOT: Market = "spot"
FUTURES: Market = "futures"
PAPER: WalletKind = "paper"
EXCHANGE: WalletKind = "exchange"
MOST_MONEY = Decimal(10) ** 15
"""Of one deposit, allocation or adjustment."""
_OWNED = (PlaceKind.FREE, PlaceKind.CAPITAL, PlaceKind.POSITION)


@dataclass(frozen=True, slots=True)
class BotShare:
    """What one bot has of a currency."""

    bot_id: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class CurrencyBalance:
    """One currency of a wallet; `total` is what is free and what bots have."""

    currency: str
    free: Decimal
    bots: list[BotShare]
    total: Decimal


async def create(
    session: AsyncSession,
    owner_id: str,
    kind: WalletKind,
    name: str,
    *,
    exchange: str | None = None,
    exchange_key_id: str | None = None,
    market: Market = SPOT,
    automatic: str | None = None,
    by: By = BY_SYSTEM,
) -> WalletModel:
    """A new, empty wallet; of kind `exchange` with the key of its account, which the caller has looked up as the
    owner's, and the market whose money it is. Raises InvalidSpec, Conflict (fields `name`, `exchange_key_id`)."""
    _check_kind(kind, exchange, exchange_key_id)
    wallet = WalletModel(
        id=new_id("wallet"),
        owner_id=owner_id,
        kind=kind,
        name=checked_name(name),
        exchange=exchange,
        exchange_key_id=exchange_key_id,
        market=market if kind == EXCHANGE else None,
        automatic=automatic,
        created_at=utc_now(),
    )
    try:
        async with session.begin_nested():
            session.add(wallet)
            await session.flush()
    except IntegrityError:
        if await repository.named(session, owner_id, wallet.name) is not None:
            raise _name_taken(wallet.name) from None
        raise Conflict(
            f"This account has a wallet of {market} already: use that one, so that its money is not counted twice.",
            field="exchange_key_id",
        ) from None
    _audit(session, by, "create", wallet, None, {"kind": kind, "name": wallet.name, "exchange": exchange})
    return wallet


async def get(session: AsyncSession, wallet_id: str) -> WalletModel:
    """Raises NotFound, also for another's wallet."""
    wallet = await repository.find(session, wallet_id)
    if wallet is None:
        raise _unknown(wallet_id)
    return wallet


async def list_(
    session: AsyncSession, owner_id: str, *, limit: int, after: str | None = None, archived: bool = False
) -> Page[WalletModel]:
    """In the order of their creation. Raises InvalidSpec (field `after`)."""
    return await repository.page(session, owner_id, limit, after, archived=archived)


async def rename(session: AsyncSession, wallet_id: str, name: str, by: By = BY_SYSTEM) -> WalletModel:
    """Raises NotFound, InvalidSpec, Conflict (field `name`)."""
    wallet = await locked(session, wallet_id)
    name = checked_name(name)
    if wallet.name == name:
        return wallet
    before = wallet.name
    try:
        async with session.begin_nested():
            wallet.name = name
            session.add(wallet)
            await session.flush()
    except IntegrityError:
        raise _name_taken(name) from None
    _audit(session, by, "rename", wallet, {"name": before}, {"name": name})
    return wallet


async def archive(session: AsyncSession, wallet_id: str, by: By = BY_SYSTEM) -> WalletModel:
    """Takes an empty wallet out of use; its ledger stays. Raises NotFound, Conflict where there is money in it, free
    or with bots: withdraw it, or delete the bots, first."""
    wallet = await locked(session, wallet_id, archived=True)
    if wallet.archived_at is not None:
        return wallet
    if any(bot.released_at is None for bot in await repository.bots_of(session, wallet.id)):
        raise Conflict("Bots have their capital from this wallet: delete them first.", field="wallet_id")
    left = [one for one in await balances(session, wallet.id) if one.total]
    if left and wallet.kind == PAPER:
        raise Conflict(
            f"There are {left[0].total:f} {left[0].currency} in this wallet: withdraw them first.", field="wallet_id"
        )
    wallet.archived_at = utc_now()
    session.add(wallet)
    await session.flush()
    _audit(session, by, "archive", wallet, {"archived_at": None}, {"archived_at": wallet.archived_at})
    return wallet


async def deposit(
    session: AsyncSession, wallet_id: str, currency: str, amount: Decimal, *, key: str = "", note: str = "", by: By
) -> WalletModel:
    """Paper money comes in; once, however often the same key is sent. Raises NotFound, Conflict, InvalidSpec,
    IdempotencyMismatch."""
    wallet = await _paper(session, wallet_id)
    entry = ledger.deposit(_key("deposit", key), utc_now(), currency, checked_amount(amount), note)
    if not await _was_done(session, wallet, entry):
        await repository.post(session, wallet, [entry], automatic=False)
        _audit(session, by, "deposit", wallet, None, {"currency": currency, "amount": amount})
    return wallet


async def withdraw(
    session: AsyncSession, wallet_id: str, currency: str, amount: Decimal, *, key: str = "", note: str = "", by: By
) -> WalletModel:
    """Paper money goes out; once, however often the same key is sent. Raises NotFound, Conflict, InvalidSpec,
    InsufficientFunds, IdempotencyMismatch."""
    wallet = await _paper(session, wallet_id)
    entry = ledger.withdraw(_key("withdraw", key), utc_now(), currency, checked_amount(amount), note)
    if not await _was_done(session, wallet, entry):
        await check_free(session, wallet, currency, amount)
        await repository.post(session, wallet, [entry], automatic=False)
        _audit(session, by, "withdraw", wallet, None, {"currency": currency, "amount": amount})
    return wallet


async def adjust(
    session: AsyncSession, wallet_id: str, currency: str, amount: Decimal, *, key: str, note: str, by: By = BY_SYSTEM
) -> bool:
    """What an exchange account has more (below zero: less) than the ledger knew, as its reconciler found: written once
    under `key`, which names the finding; False where it was written before. Raises NotFound, InvalidSpec."""
    wallet = await locked(session, wallet_id, archived=True)
    if wallet.kind != EXCHANGE:
        raise InvalidSpec("Only wallets of exchange accounts are reconciled.", field="wallet_id")
    entry = ledger.reconcile(_key("reconciliation", key), utc_now(), currency, money(amount), note)
    if not await repository.post(session, wallet, [entry], automatic=by == BY_SYSTEM):
        return False
    _audit(session, by, "adjust", wallet, None, {"currency": currency, "amount": amount, "why": note})
    return True


async def balances(session: AsyncSession, wallet_id: str) -> list[CurrencyBalance]:
    """What is in a wallet, by currency; contracts of futures are named by their pair. Currencies of which there is
    nothing are left out."""
    free: dict[str, Decimal] = {}
    shares: dict[str, dict[str, Decimal]] = {}
    for account in await repository.accounts(session, [wallet_id]):
        if account.kind not in _OWNED or not account.balance:
            continue
        if not account.bot_id:
            free[account.currency] = account.balance
            continue
        mine = shares.setdefault(account.currency, {})
        mine[account.bot_id] = add((mine.get(account.bot_id, ZERO), account.balance))
    return [
        CurrencyBalance(
            currency,
            tidy(free.get(currency, ZERO)),
            [BotShare(bot_id, tidy(amount)) for bot_id, amount in sorted(shares.get(currency, {}).items()) if amount],
            tidy(add((free.get(currency, ZERO), *shares.get(currency, {}).values()))),
        )
        for currency in sorted(free.keys() | shares.keys())
    ]


async def statement(
    session: AsyncSession,
    wallet_id: str,
    *,
    limit: int,
    after: str | None = None,
    bot_id: str | None = None,
    kinds: Collection[EntryKind] = (),
) -> Page[tuple[LedgerTransactionModel, list[tuple[Place, Decimal]]]]:
    """Transactions with their postings, newest first. Raises InvalidSpec (field `after`)."""
    return await repository.statement(session, wallet_id, limit, after, bot_id, kinds)


async def locked(session: AsyncSession, wallet_id: str, *, archived: bool = False) -> WalletModel:
    """The wallet, locked for writing. Raises NotFound, Conflict where it is archived."""
    rows = await repository.locked(session, [wallet_id])
    if not rows:
        raise _unknown(wallet_id)
    if rows[0].archived_at is not None and not archived:
        raise Conflict(f"The wallet {rows[0].name!r} is archived: use another one.", field="wallet_id")
    return rows[0]


async def check_free(session: AsyncSession, wallet: WalletModel, currency: str, amount: Decimal) -> None:
    """That so much is free in the wallet, whose lock is held. Raises InsufficientFunds."""
    free = await repository.balance(session, wallet.id, Place(PlaceKind.FREE, currency))
    if amount > free:
        raise InsufficientFunds(
            f"The wallet {wallet.name!r} has {free:f} {currency} free, not {amount:f}: deposit more, or take less.",
            field="amount",
            available=f"{free:f}",
            currency=currency,
        )


def checked_amount(amount: Decimal, field: str = "amount") -> Decimal:
    """Above zero, at most `MOST_MONEY`, of at most 18 decimals. Raises InvalidSpec."""
    if not amount.is_finite() or amount <= ZERO:
        raise InvalidSpec(f"{field} must be a number greater than 0.", field=field)
    if amount > MOST_MONEY:
        raise InvalidSpec(f"{field} must be at most {MOST_MONEY:f}.", field=field)
    if money(amount) != amount:
        raise InvalidSpec(f"{field} must have at most 18 decimals.", field=field)
    return amount


def checked_name(name: str) -> str:
    """1 to 64 printable characters. Raises InvalidSpec."""
    if not 1 <= len(name) <= 64 or not name.isprintable() or name != name.strip():
        raise InvalidSpec("name must have 1 to 64 printable characters, without spaces around them.", field="name")
    return name


def _check_kind(kind: str, exchange: str | None, exchange_key_id: str | None) -> None:
    if kind == PAPER and (exchange or exchange_key_id):
        raise InvalidSpec("A paper wallet has no exchange and no key: leave both out.", field="kind")
    if kind == EXCHANGE and not (exchange and exchange_key_id):
        raise InvalidSpec("A wallet of an exchange account needs the account's key.", field="exchange_key_id")


async def _paper(session: AsyncSession, wallet_id: str) -> WalletModel:
    wallet = await locked(session, wallet_id)
    if wallet.kind != PAPER:
        raise InvalidSpec(
            "Only paper money is deposited and withdrawn here: move the account's money at the exchange, which is "
            "noticed by itself.",
            field="wallet_id",
        )
    return wallet


async def _was_done(session: AsyncSession, wallet: WalletModel, entry: Entry) -> bool:
    done = await repository.find_transaction(session, wallet.id, entry.key)
    if done is not None and done.data != entry.data:
        raise IdempotencyMismatch(
            "This Idempotency-Key was used for another amount; send a new key with a new movement.",
            field="Idempotency-Key",
        )
    return done is not None


def _key(kind: str, key: str) -> str:
    return f"{kind}:{key or new_id('once')}"


def _audit(
    session: AsyncSession,
    by: By,
    verb: str,
    wallet: WalletModel,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any],
) -> None:
    subject = f"wallet/{wallet.id}"
    audit.record(session, by.actor, f"wallet.{verb}", subject, by.why, before, after, tenant=wallet.owner_id)


def _unknown(wallet_id: str) -> NotFound:
    return NotFound("There is no such wallet; list the wallets to see which there are.", wallet_id=wallet_id[:80])


def _name_taken(name: str) -> Conflict:
    return Conflict(f"You have a wallet named {name!r} already; choose another name.", field="name")
