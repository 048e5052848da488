"""What bookkeeping stores and books of accounts of futures beside their fills. Session first; nothing here commits.

Funding is the bot's that had a position of the contract when it was paid, or else that traded it last; so is what the
insurance fund took of a position that was liquidated. What is nobody's stays unbooked, and is a drift of the balance.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import ColumnElement, func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.bookkeeping.binance_futures import FUNDING, INSURANCE
from orchestrator.bookkeeping.compare import ContractKey, OrderKey, View
from orchestrator.bookkeeping.exchange import AccountIncome, AccountOrder
from orchestrator.bookkeeping.models import AccountFillModel, AccountIncomeModel, AccountOrderModel, AccountReadingModel
from orchestrator.kit.clock import utc_now
from orchestrator.kit.money import ZERO, negate, subtract
from orchestrator.wallets import repository
from orchestrator.wallets.booking import Pair
from orchestrator.wallets.ledger import Entry, EntryKind, Place, PlaceKind, Posting, transfer
from orchestrator.wallets.models import LedgerAccountModel, WalletModel

_BOOKED = (FUNDING, INSURANCE)
_OVERLAP = timedelta(hours=1)
"""What was told of a time may be told more of for so long."""
_LATELY = timedelta(days=1)
_LIQUIDATED = ("autoclose-", "adl_autoclose", "settlement_autoclose-")
"""How the exchange names orders by which it closes a position itself ("Event: Order Update" of Binance's documentation
of USDⓈ-M futures)."""


def is_of_exchange(client_order_id: str) -> bool:
    """Whether the exchange itself sent the order: a liquidation, a deleveraging or a settlement."""
    return client_order_id.startswith(_LIQUIDATED)


async def contracts(session: AsyncSession, wallet_id: str) -> dict[ContractKey, Decimal]:
    """What the ledger has of contracts, by bot (empty: nobody's) and pair."""
    query = select(LedgerAccountModel).where(
        col(LedgerAccountModel.wallet_id) == wallet_id, col(LedgerAccountModel.kind) == PlaceKind.POSITION
    )
    found = (await session.exec(query)).all()
    return {(one.bot_id, one.currency): one.balance for one in found if "/" in one.currency and one.balance}


async def with_contracts(
    session: AsyncSession, wallet_id: str, seen: View, held: Mapping[str, Mapping[str, Decimal]]
) -> View:
    """What is to compare, with what the ledger has of contracts and incomes. What bots that are gone left is nobody's
    that trades."""
    gone = await _gone(session, wallet_id)
    booked = select(AccountIncomeModel).where(
        col(AccountIncomeModel.wallet_id) == wallet_id,
        col(AccountIncomeModel.booked) != "",
        col(AccountIncomeModel.at) > seen.reading.at,
    )
    return replace(
        seen,
        contracts={key: amount for key, amount in (await contracts(session, wallet_id)).items() if key[0] not in gone},
        later_incomes=[_income(row) for row in (await session.exec(booked)).all()],
        held={bot_id: held[bot_id] for bot_id in seen.names if bot_id in held and bot_id not in gone},
    )


async def asked_from(session: AsyncSession, wallet_id: str, opened_at: datetime) -> datetime:
    """From when on the account may have incomes that are not known: since it agreed with the ledger, but of one whose
    drift is known and stays not for ever."""
    agreed = select(AccountReadingModel.agreed_at).where(col(AccountReadingModel.wallet_id) == wallet_id)
    agreed_at = (await session.exec(agreed)).first()
    last = [opened_at] if agreed_at is None else [opened_at, agreed_at - _OVERLAP]
    for model in (AccountFillModel, AccountIncomeModel):
        found = (await session.exec(select(func.max(model.at)).where(col(model.wallet_id) == wallet_id))).one()
        last += [] if found is None else [found - _LATELY]
    return max(last)


async def add_incomes(
    session: AsyncSession, wallet: WalletModel, incomes: Iterable[AccountIncome], opened_at: datetime
) -> None:
    """Those that are new and may be a bot's."""
    for one in incomes:
        if one.kind not in _BOOKED or one.at <= opened_at or not one.pair or not one.amount:
            continue
        if await session.get(AccountIncomeModel, (wallet.id, one.kind, one.number)) is None:
            session.add(
                AccountIncomeModel(
                    wallet_id=wallet.id, owner_id=wallet.owner_id, kind=one.kind, number=one.number, pair=one.pair,
                    currency=one.currency, amount=one.amount, at=one.at,
                )
            )  # fmt: skip
    await session.flush()


async def book_incomes(session: AsyncSession, wallet: WalletModel) -> None:
    """Those of bots go into the ledger, once their bots' fills are there."""
    query = select(AccountIncomeModel).where(
        col(AccountIncomeModel.wallet_id) == wallet.id, col(AccountIncomeModel.booked) == ""
    )
    due = (await session.exec(query.order_by(col(AccountIncomeModel.at), col(AccountIncomeModel.number)))).all()
    if not due:
        return
    await repository.locked(session, [wallet.id])
    entries = []
    for row in due:
        owner = await _owner(session, wallet.id, row.pair, row.at)
        if owner is not None:
            row.booked, trade_id = owner
            session.add(row)
            entries.append(_entry(row, trade_id))
    await repository.post(session, wallet, entries, automatic=True)
    await session.flush()


async def adopt_incomes(session: AsyncSession, wallet_id: str, currency: str, until: datetime, finding_id: str) -> None:
    """The drift that they are was adopted: no bot gets them any more."""
    query = select(AccountIncomeModel).where(
        col(AccountIncomeModel.wallet_id) == wallet_id,
        col(AccountIncomeModel.booked) == "",
        col(AccountIncomeModel.currency) == currency,
        col(AccountIncomeModel.at) <= until,
    )
    for row in (await session.exec(query)).all():
        row.booked = finding_id
        session.add(row)
    await session.flush()


async def forget_gone(session: AsyncSession, wallet: WalletModel, pair: str, finding_id: str) -> None:
    """Of a position that is adopted: bots that are gone do not have it any more."""
    gone = await _gone(session, wallet.id)
    await repository.locked(session, [wallet.id])
    held = await contracts(session, wallet.id)
    for bot_id in sorted({bot_id for bot_id, one in held if one == pair and bot_id in gone}):
        amounts = {pair: held[bot_id, pair]}
        quote = Pair.of(pair).quote
        if not any(owner == bot_id and other != pair for owner, other in held):
            amounts[quote] = await repository.balance(session, wallet.id, Place(PlaceKind.POSITION, quote, bot_id))
        postings: tuple[Posting, ...] = ()
        for currency, amount in amounts.items():
            position = Place(PlaceKind.POSITION, currency, bot_id)
            postings += transfer(position, Place(PlaceKind.TRADING, currency, bot_id), amount)
        key, note = f"forget:{finding_id}:{bot_id}:{pair}", "The bot is gone; its position was adopted as nobody's."
        entry = Entry(EntryKind.RECONCILIATION, key, utc_now(), postings, bot_id, note, {"pair": pair})
        await repository.post(session, wallet, [entry], automatic=True)


async def rename_fills(session: AsyncSession, wallet_id: str, became: Mapping[OrderKey, str]) -> None:
    """Fills of orders that conditional ones became are filed under the conditional one's id, which bots know. By pair
    and the id that it became."""
    for (pair, order_id), known_as in became.items():
        query = select(AccountFillModel).where(
            col(AccountFillModel.wallet_id) == wallet_id,
            col(AccountFillModel.pair) == pair,
            col(AccountFillModel.order_id) == order_id,
            col(AccountFillModel.booked) == "",
        )
        for row in (await session.exec(query)).all():
            row.order_id = known_as
            session.add(row)
    await session.flush()


async def take_over(session: AsyncSession, wallet: WalletModel, orders: Collection[AccountOrder]) -> None:
    """Orders by which the exchange itself closed positions are exits of the bot that had them, where one has."""
    held = await contracts(session, wallet.id)
    for order in orders:
        owners = [
            bot_id
            for (bot_id, pair), amount in held.items()
            if bot_id and pair == order.pair and (amount > ZERO) == (order.side == "sell")
        ]
        trade_id = await _trade(session, wallet.id, order.pair, owners[0], None) if len(owners) == 1 else None
        if trade_id is None:
            continue
        await session.merge(
            AccountOrderModel(
                wallet_id=wallet.id, pair=order.pair, order_id=order.order_id, owner_id=wallet.owner_id,
                bot_id=owners[0], trade_id=trade_id, purpose="exit", open=False, filled=order.filled, told_at=order.at,
            )
        )  # fmt: skip
    await session.flush()


def _entry(row: AccountIncomeModel, trade_id: int | None) -> Entry:
    """Into the bot's capital, or below zero out of it."""
    kind, place = (EntryKind.FUNDING, PlaceKind.FUNDING) if row.kind == FUNDING else (EntryKind.FEE, PlaceKind.FEES)
    moved = transfer(
        Place(place, row.currency, row.booked), Place(PlaceKind.CAPITAL, row.currency, row.booked), row.amount
    )
    data = {"pair": row.pair, "trade_id": trade_id, "income": row.kind, "number": str(row.number)}
    return Entry(kind, f"income:{row.kind}:{row.number}", row.at, moved, row.booked, data=data)


async def _owner(session: AsyncSession, wallet_id: str, pair: str, at: datetime) -> tuple[str, int | None] | None:
    """Whose an income of then is, and of which trade."""
    held: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
    for (bot_id, one), amount in (await contracts(session, wallet_id)).items():
        if one == pair:
            held[bot_id] = amount
    nobodys = held.pop("", ZERO)
    since = (
        select(AccountFillModel, AccountOrderModel.bot_id)
        .join(AccountOrderModel, _same_order())
        .where(
            col(AccountFillModel.wallet_id) == wallet_id,
            col(AccountFillModel.pair) == pair,
            col(AccountFillModel.at) > at,
            col(AccountFillModel.booked) == col(AccountOrderModel.bot_id),
        )
    )
    for fill, bot_id in (await session.exec(since)).all():
        amount = fill.amount if fill.side == "buy" else negate(fill.amount)
        held[bot_id] = subtract(held[bot_id], amount)
    owners = [bot_id for bot_id, amount in held.items() if amount]
    if nobodys and not owners:
        return None  # it is of what was adopted
    if len(owners) != 1:
        last = (
            select(AccountOrderModel.bot_id)
            .join(AccountFillModel, _same_order())
            .where(
                col(AccountFillModel.wallet_id) == wallet_id,
                col(AccountFillModel.pair) == pair,
                col(AccountFillModel.at) <= at,
                col(AccountFillModel.booked) == col(AccountOrderModel.bot_id),
            )
            .order_by(col(AccountFillModel.at).desc(), col(AccountFillModel.number).desc())
            .limit(1)
        )
        owners = list((await session.exec(last)).all())
    return (owners[0], await _trade(session, wallet_id, pair, owners[0], at)) if owners else None


async def _trade(session: AsyncSession, wallet_id: str, pair: str, bot_id: str, at: datetime | None) -> int | None:
    """The bot's latest trade of the pair, of which something was filled until then."""
    query = (
        select(AccountOrderModel.trade_id)
        .join(AccountFillModel, _same_order())
        .where(
            col(AccountOrderModel.wallet_id) == wallet_id,
            col(AccountOrderModel.pair) == pair,
            col(AccountOrderModel.bot_id) == bot_id,
            col(AccountOrderModel.trade_id).is_not(None),
            *(() if at is None else (col(AccountFillModel.at) <= at,)),
        )
        .order_by(col(AccountFillModel.at).desc(), col(AccountFillModel.number).desc())
        .limit(1)
    )
    return (await session.exec(query)).first()


def _same_order() -> ColumnElement[bool]:
    return (
        (col(AccountOrderModel.wallet_id) == col(AccountFillModel.wallet_id))
        & (col(AccountOrderModel.pair) == col(AccountFillModel.pair))
        & (col(AccountOrderModel.order_id) == col(AccountFillModel.order_id))
    )


async def _gone(session: AsyncSession, wallet_id: str) -> set[str]:
    return {bot.bot_id for bot in await repository.bots_of(session, wallet_id) if bot.released_at is not None}


def _income(row: AccountIncomeModel) -> AccountIncome:
    return AccountIncome(row.kind, row.number, row.pair, row.currency, row.amount, row.at)
