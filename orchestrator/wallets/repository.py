"""Queries on wallets and the one function that writes to the ledger. Decides nothing.

Whoever writes holds the wallet's row (`locked`) until his transaction ends, so the balances that he read are those that
he changes, and two who spend from one wallet go one after the other; on SQLite the write lock does the same. The order
of locks is: a bot's row, its owner's row, wallets by id, then the audit's heads.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal

from sqlalchemy import literal, tuple_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.db.types import UtcDateTime
from orchestrator.kit.clock import utc_now
from orchestrator.kit.money import ZERO, add, tidy
from orchestrator.kit.pages import Page, decode_cursor, instant_of, page_of
from orchestrator.wallets.booking import Booked
from orchestrator.wallets.ledger import LARGEST, Entry, Place, PlaceKind, Unbalanced
from orchestrator.wallets.models import (
    LedgerAccountModel,
    LedgerOrderModel,
    LedgerPostingModel,
    LedgerTransactionModel,
    WalletBotModel,
    WalletModel,
)

_CHUNK = 300


async def find(session: AsyncSession, wallet_id: str) -> WalletModel | None:
    return (await session.exec(select(WalletModel).where(col(WalletModel.id) == wallet_id))).first()


async def locked(session: AsyncSession, wallet_ids: Collection[str]) -> list[WalletModel]:
    """The rows of these wallets, locked for writing, by id. Whoever only refers to a wallet is not held up: he may be
    about to lock it himself."""
    query = (
        select(WalletModel)
        .where(col(WalletModel.id).in_(list(wallet_ids)))
        .order_by(col(WalletModel.id))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return list((await session.exec(query)).all())


async def automatic(session: AsyncSession, owner_id: str, currency: str) -> WalletModel | None:
    """The owner's wallet for dry bots of this stake currency that name none."""
    query = select(WalletModel).where(
        col(WalletModel.owner_id) == owner_id,
        col(WalletModel.automatic) == currency,
        col(WalletModel.archived_at).is_(None),
    )
    return (await session.exec(query)).first()


async def named(session: AsyncSession, owner_id: str, name: str) -> WalletModel | None:
    """The owner's wallet of that name that is not archived."""
    query = select(WalletModel).where(
        col(WalletModel.owner_id) == owner_id, col(WalletModel.name) == name, col(WalletModel.archived_at).is_(None)
    )
    return (await session.exec(query)).first()


async def page(
    session: AsyncSession, owner_id: str, limit: int, after: str | None, *, archived: bool
) -> Page[WalletModel]:
    """In the order of their creation."""
    query = select(WalletModel).where(col(WalletModel.owner_id) == owner_id)
    if not archived:
        query = query.where(col(WalletModel.archived_at).is_(None))
    if after is not None:
        at, wallet_id = decode_cursor(after, [str, str])
        position = tuple_(literal(instant_of(at), UtcDateTime()), literal(wallet_id))
        query = query.where(tuple_(col(WalletModel.created_at), col(WalletModel.id)) > position)
    query = query.order_by(col(WalletModel.created_at), col(WalletModel.id)).limit(limit + 1)
    rows = (await session.exec(query)).all()
    return page_of(rows, limit, lambda row: (row.created_at.isoformat(), row.id))


async def of_owners(session: AsyncSession, owner_id: str | None) -> list[WalletModel]:
    """All wallets of this owner, archived ones included; None: everybody's."""
    query = select(WalletModel).order_by(col(WalletModel.id))
    if owner_id is not None:
        query = query.where(col(WalletModel.owner_id) == owner_id)
    return list((await session.exec(query)).all())


async def bots_of(session: AsyncSession, wallet_id: str) -> list[WalletBotModel]:
    """Bots that have their capital from there, those that are gone included."""
    query = (
        select(WalletBotModel).where(col(WalletBotModel.wallet_id) == wallet_id).order_by(col(WalletBotModel.bot_id))
    )
    return list((await session.exec(query)).all())


async def bots(session: AsyncSession, bot_ids: Collection[str]) -> list[WalletBotModel]:
    """Of these, those that have a wallet."""
    query = (
        select(WalletBotModel)
        .where(col(WalletBotModel.bot_id).in_(list(bot_ids)))
        .order_by(col(WalletBotModel.bot_id))
        .execution_options(populate_existing=True)
    )
    return list((await session.exec(query)).all())


async def accounts(
    session: AsyncSession, wallet_ids: Collection[str], bot_id: str | None = None
) -> list[LedgerAccountModel]:
    """All places of these wallets, or a bot's alone."""
    query = select(LedgerAccountModel).where(col(LedgerAccountModel.wallet_id).in_(list(wallet_ids)))
    if bot_id is not None:
        query = query.where(col(LedgerAccountModel.bot_id) == bot_id)
    query = query.order_by(col(LedgerAccountModel.number)).execution_options(populate_existing=True)
    return list((await session.exec(query)).all())


async def balance(session: AsyncSession, wallet_id: str, place: Place) -> Decimal:
    """What is there; zero where nothing ever was."""
    query = select(LedgerAccountModel).where(
        col(LedgerAccountModel.wallet_id) == wallet_id,
        col(LedgerAccountModel.bot_id) == place.bot_id,
        col(LedgerAccountModel.kind) == place.kind,
        col(LedgerAccountModel.currency) == place.currency,
    )
    found = (await session.exec(query.execution_options(populate_existing=True))).first()
    return ZERO if found is None else tidy(found.balance)


async def find_transaction(session: AsyncSession, wallet_id: str, key: str) -> LedgerTransactionModel | None:
    query = select(LedgerTransactionModel).where(
        col(LedgerTransactionModel.wallet_id) == wallet_id, col(LedgerTransactionModel.key) == key
    )
    return (await session.exec(query)).first()


async def knows(session: AsyncSession, wallet_id: str, keys: Collection[str]) -> set[str]:
    """Of these keys, those that the wallet has transactions of."""
    query = select(LedgerTransactionModel.key).where(
        col(LedgerTransactionModel.wallet_id) == wallet_id, col(LedgerTransactionModel.key).in_(list(keys))
    )
    return set((await session.exec(query)).all())


async def post(
    session: AsyncSession, wallet: WalletModel, entries: Sequence[Entry], *, automatic: bool
) -> list[LedgerTransactionModel]:
    """Writes what the wallet, whose lock is held, does not have yet under these keys; answers what was written. Raises
    Unbalanced where a balance would outgrow its column."""
    written: list[LedgerTransactionModel] = []
    for start in range(0, len(entries), _CHUNK):
        written += await _post(session, wallet, entries[start : start + _CHUNK], automatic)
    return written


async def statement(
    session: AsyncSession, wallet_id: str, limit: int, after: str | None, bot_id: str | None, kinds: Collection[str]
) -> Page[tuple[LedgerTransactionModel, list[tuple[Place, Decimal]]]]:
    """A wallet's transactions with their postings, newest first."""
    model = LedgerTransactionModel
    query = select(model).where(col(model.wallet_id) == wallet_id)
    if bot_id is not None:
        query = query.where(col(model.bot_id) == bot_id)
    if kinds:
        query = query.where(col(model.kind).in_(list(kinds)))
    if after is not None:
        (number,) = decode_cursor(after, [int])
        query = query.where(col(model.number) < number)
    rows = (await session.exec(query.order_by(col(model.number).desc()).limit(limit + 1))).all()
    found = page_of(rows, limit, lambda row: (row.number or 0,))
    postings = await _postings(session, [row.number or 0 for row in found.items])
    return Page([(row, postings.get(row.number or 0, [])) for row in found.items], found.next)


async def flows(
    session: AsyncSession, wallet_id: str, kinds: Collection[str], bot_id: str | None = None
) -> list[tuple[LedgerTransactionModel, Place, Decimal]]:
    """Postings of transactions of these kinds, oldest first by when they happened."""
    query = (
        select(LedgerTransactionModel, LedgerAccountModel, LedgerPostingModel)
        .join(LedgerPostingModel, col(LedgerPostingModel.transaction_number) == col(LedgerTransactionModel.number))
        .join(LedgerAccountModel, col(LedgerAccountModel.number) == col(LedgerPostingModel.account_number))
        .where(col(LedgerTransactionModel.wallet_id) == wallet_id, col(LedgerTransactionModel.kind).in_(list(kinds)))
        .order_by(col(LedgerTransactionModel.at), col(LedgerTransactionModel.number))
    )
    if bot_id is not None:
        query = query.where(col(LedgerTransactionModel.bot_id) == bot_id)
    return [(row, place_of(account), one.amount) for row, account, one in (await session.exec(query)).all()]


async def orders(
    session: AsyncSession, bot_id: str, *, order_ids: Collection[str] = (), trade_ids: Collection[int] = ()
) -> list[LedgerOrderModel]:
    """What the ledger has of a bot's orders of these ids, or of these trades."""
    model = LedgerOrderModel
    found: list[LedgerOrderModel] = []
    for column, values in ((col(model.order_id), sorted(order_ids)), (col(model.trade_id), sorted(trade_ids))):
        for start in range(0, len(values), _CHUNK):
            query = select(model).where(col(model.bot_id) == bot_id, column.in_(values[start : start + _CHUNK]))
            found += (await session.exec(query.execution_options(populate_existing=True))).all()
    return found


def put_order(session: AsyncSession, bot: WalletBotModel, row: LedgerOrderModel | None, booked: Booked) -> None:
    """Notes what of an order is in the ledger now; `row` is the one that is there."""
    values = {name: getattr(booked, name) for name in Booked.__dataclass_fields__}
    if row is None:
        session.add(LedgerOrderModel(bot_id=bot.bot_id, owner_id=bot.owner_id, **values))
        return
    for name, value in values.items():
        setattr(row, name, value)
    session.add(row)


def booked_of(row: LedgerOrderModel) -> Booked:
    return Booked(**{name: getattr(row, name) for name in Booked.__dataclass_fields__})


def place_of(account: LedgerAccountModel) -> Place:
    return Place(PlaceKind(account.kind), account.currency, account.bot_id)


async def _post(
    session: AsyncSession, wallet: WalletModel, entries: Sequence[Entry], automatic: bool
) -> list[LedgerTransactionModel]:
    known = await knows(session, wallet.id, [entry.key for entry in entries])
    news = [entry for entry in entries if entry.key not in known]
    if not news:
        return []
    places = await _places(session, wallet, {posting.place for entry in news for posting in entry.postings})
    now = utc_now()
    rows = [
        LedgerTransactionModel(
            wallet_id=wallet.id, owner_id=wallet.owner_id, bot_id=entry.bot_id, kind=entry.kind, key=entry.key,
            at=entry.at, booked_at=now, automatic=automatic, note=entry.note[:500], data=dict(entry.data),
        )
        for entry in news
    ]  # fmt: skip
    session.add_all(rows)
    await session.flush()
    for row, entry in zip(rows, news, strict=True):
        for posting in entry.postings:
            account = places[posting.place]
            account.balance = add((account.balance, posting.amount))
            if account.balance.copy_abs() >= LARGEST:
                raise Unbalanced(f"{account.kind} in {account.currency} outgrows what the ledger holds")
            session.add(
                LedgerPostingModel(
                    transaction_number=row.number or 0,
                    account_number=account.number or 0,
                    owner_id=wallet.owner_id,
                    amount=posting.amount,
                )
            )
    session.add_all(places.values())
    await session.flush()
    return rows


async def _places(
    session: AsyncSession, wallet: WalletModel, places: Iterable[Place]
) -> Mapping[Place, LedgerAccountModel]:
    """The accounts of these places; those that are not there yet are made."""
    wanted = sorted(set(places))
    model = LedgerAccountModel
    columns = tuple_(col(model.bot_id), col(model.kind), col(model.currency))
    query = select(model).where(
        col(model.wallet_id) == wallet.id, columns.in_([(one.bot_id, one.kind, one.currency) for one in wanted])
    )
    rows = (await session.exec(query.execution_options(populate_existing=True))).all()
    found = {place_of(row): row for row in rows}
    for place in wanted:
        if place not in found:
            found[place] = LedgerAccountModel(
                wallet_id=wallet.id, owner_id=wallet.owner_id, bot_id=place.bot_id, kind=place.kind,
                currency=place.currency, balance=ZERO,
            )  # fmt: skip
            session.add(found[place])
    await session.flush()
    return found


async def _postings(session: AsyncSession, numbers: Sequence[int]) -> dict[int, list[tuple[Place, Decimal]]]:
    query = (
        select(LedgerPostingModel, LedgerAccountModel)
        .join(LedgerAccountModel, col(LedgerAccountModel.number) == col(LedgerPostingModel.account_number))
        .where(col(LedgerPostingModel.transaction_number).in_(list(numbers)))
        .order_by(col(LedgerPostingModel.number))
    )
    found: dict[int, list[tuple[Place, Decimal]]] = {}
    for posting, account in (await session.exec(query)).all():
        found.setdefault(posting.transaction_number, []).append((place_of(account), posting.amount))
    return found
