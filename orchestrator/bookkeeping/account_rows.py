"""What bookkeeping stores of exchange accounts. Session first; nothing here commits."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby

from loguru import logger
from sqlalchemy import func, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.bookkeeping.compare import Believed, OrderKey, View, effect
from orchestrator.bookkeeping.exchange import AccountFill, AccountReading
from orchestrator.bookkeeping.futures_compare import is_entry
from orchestrator.bookkeeping.models import AccountFillModel, AccountOrderModel, AccountReadingModel, BotBooksModel
from orchestrator.bots.models import BotModel
from orchestrator.exchange_keys.models import ExchangeKeyModel
from orchestrator.findings.kinds import Kind
from orchestrator.findings.models import FindingModel
from orchestrator.findings.service import ADOPTED
from orchestrator.kit.clock import utc_now
from orchestrator.kit.money import ZERO, add
from orchestrator.wallets import books as ledger_books
from orchestrator.wallets import service as wallets
from orchestrator.wallets.ledger import PlaceKind
from orchestrator.wallets.models import LedgerAccountModel, WalletBotModel, WalletModel
from pool.contract.books import OrderFact

_LATELY = timedelta(days=1)
"""What bots believe of orders is compared for so long after it changed last."""
_OVERLAP = timedelta(hours=1)
_CHUNK = 300


@dataclass(frozen=True, slots=True)
class Account:
    """An exchange account that has a wallet."""

    wallet: WalletModel
    key: ExchangeKeyModel
    bots: Mapping[str, str]
    """Names of its bots by id, deleted ones included."""
    pairs: Sequence[str]
    """That they may trade."""
    live: bool
    """Some bot of it is not deleted."""


async def accounts(session: AsyncSession, exchanges: Collection[str]) -> list[Account]:
    """Those that are to be read: on these exchanges, whatever is the matter with their keys."""
    query = (
        select(WalletModel, ExchangeKeyModel)
        .join(ExchangeKeyModel, col(ExchangeKeyModel.id) == col(WalletModel.exchange_key_id))
        .where(
            col(WalletModel.archived_at).is_(None),
            col(WalletModel.exchange).in_(list(exchanges)),
        )
        .order_by(col(WalletModel.id))
    )
    found = (await session.exec(query)).all()
    users = (
        select(WalletBotModel.wallet_id, BotModel)
        .join(BotModel, col(BotModel.id) == col(WalletBotModel.bot_id))
        .where(col(WalletBotModel.wallet_id).in_([wallet.id for wallet, _ in found]))
    )
    bots: defaultdict[str, list[BotModel]] = defaultdict(list)
    for wallet_id, bot in (await session.exec(users)).all():
        bots[wallet_id].append(bot)
    return [
        Account(
            wallet,
            key,
            {bot.id: bot.name for bot in bots[wallet.id]},
            sorted({pair for bot in bots[wallet.id] for pair in bot.pairs}),
            any(bot.deleted_at is None for bot in bots[wallet.id]),
        )
        for wallet, key in found
    ]


async def reading(session: AsyncSession, wallet_id: str) -> AccountReadingModel | None:
    return (
        await session.exec(select(AccountReadingModel).where(col(AccountReadingModel.wallet_id) == wallet_id))
    ).first()


async def readings(session: AsyncSession) -> list[AccountReadingModel]:
    """What accounts told last, by wallet."""
    return list((await session.exec(select(AccountReadingModel).order_by(col(AccountReadingModel.wallet_id)))).all())


async def ledger_of(session: AsyncSession, wallet_id: str) -> dict[str, Decimal]:
    """What the wallet has on the account, by currency: free, and with its bots."""
    return await _in_places(session, wallet_id, (PlaceKind.FREE, PlaceKind.CAPITAL))


async def _in_places(session: AsyncSession, wallet_id: str, kinds: Sequence[PlaceKind]) -> dict[str, Decimal]:
    query = select(LedgerAccountModel).where(
        col(LedgerAccountModel.wallet_id) == wallet_id, col(LedgerAccountModel.kind).in_(kinds)
    )
    found: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
    for row in (await session.exec(query)).all():
        found[row.currency] = add((found[row.currency], row.balance))
    return dict(found)


async def settled_bots(session: AsyncSession, wallet_id: str, seen: View) -> set[str]:
    """Of an account that agrees: bots with nothing under way there, but for exits of living ones. Of those that are
    gone only such that have something."""
    query = select(LedgerAccountModel).where(
        col(LedgerAccountModel.wallet_id) == wallet_id, col(LedgerAccountModel.kind) == PlaceKind.CAPITAL
    )
    having = {one.bot_id for one in (await session.exec(query)).all() if one.balance}
    bots = (await session.exec(select(WalletBotModel).where(col(WalletBotModel.wallet_id) == wallet_id))).all()
    gone = {one.bot_id for one in bots if one.released_at is not None}
    sides = {(one.pair, one.order_id): one.side for one in seen.reading.orders}
    under_way = {
        believed.bot_id
        for key, believed in seen.believed.items()
        if key in sides and (believed.bot_id in gone or is_entry(seen, believed.bot_id, key, sides[key]))
    }
    return {one.bot_id for one in bots if one.bot_id not in gone or one.bot_id in having} - under_way


async def view(session: AsyncSession, account: Account, opened_at: datetime, told: AccountReading) -> View:
    """What there is to compare."""
    wallet_id = account.wallet.id
    unbooked = await _fills(session, wallet_id, col(AccountFillModel.booked) == "")
    later = await _fills(session, wallet_id, col(AccountFillModel.booked) != "", col(AccountFillModel.at) > told.at)
    orders = await _orders(session, wallet_id, {one.order_id for one in unbooked}, told)
    keys = [(row.pair, row.order_id) for row in orders]
    ended = select(BotBooksModel.bot_id).where(
        col(BotBooksModel.bot_id).in_(list(account.bots)),
        col(BotBooksModel.mode) == "live",
        col(BotBooksModel.closed).is_(True),
    )
    return View(
        reading=told,
        opened_at=opened_at,
        ledger=await ledger_of(session, wallet_id),
        unbooked=unbooked,
        later=later,
        believed={
            (row.pair, row.order_id): Believed(row.bot_id, row.trade_id, row.open, row.filled, row.told_at)
            for row in orders
        },
        filled=await _filled(session, wallet_id, keys),
        names=account.bots,
        ended=frozenset((await session.exec(ended)).all()),
        free=await _in_places(session, wallet_id, (PlaceKind.FREE,)),
    )


async def cursors(session: AsyncSession, wallet_id: str, pairs: Iterable[str]) -> dict[str, int]:
    """By pair, the fill after which to ask: the last that is known, but for those of the last hour before it. Exchanges
    show fills when they come round to it, one with a lower number perhaps after one with a higher."""
    found = {}
    for pair in pairs:
        of_pair = (col(AccountFillModel.wallet_id) == wallet_id, col(AccountFillModel.pair) == pair)
        latest = (await session.exec(select(func.max(AccountFillModel.at)).where(*of_pair))).one()
        if latest is None:
            continue
        before = select(func.max(AccountFillModel.number)).where(*of_pair, col(AccountFillModel.at) < latest - _OVERLAP)
        number = (await session.exec(before)).one()
        if number is not None:
            found[pair] = int(number)
    return found


async def new_of(session: AsyncSession, wallet_id: str, fills: Sequence[AccountFill]) -> list[AccountFill]:
    """Those of one pair that are not known yet."""
    known: set[int] = set()
    for start in range(0, len(fills), _CHUNK):
        part = fills[start : start + _CHUNK]
        query = select(AccountFillModel.number).where(
            col(AccountFillModel.wallet_id) == wallet_id,
            col(AccountFillModel.pair) == part[0].pair,
            col(AccountFillModel.number).in_([one.number for one in part]),
        )
        known |= set((await session.exec(query)).all())
    return [one for one in fills if one.number not in known]


async def traded_pairs(session: AsyncSession, wallet_id: str) -> set[str]:
    """Pairs of which the account has orders of bots, or fills."""
    orders = select(AccountOrderModel.pair).where(col(AccountOrderModel.wallet_id) == wallet_id).distinct()
    fills = select(AccountFillModel.pair).where(col(AccountFillModel.wallet_id) == wallet_id).distinct()
    return {*(await session.exec(orders)).all(), *(await session.exec(fills)).all()}


async def add_fills(session: AsyncSession, wallet: WalletModel, fills: Iterable[AccountFill]) -> int:
    """Those that are new; how many."""
    new = 0
    for one in fills:
        if await session.get(AccountFillModel, (wallet.id, one.pair, one.number)) is None:
            session.add(
                AccountFillModel(
                    wallet_id=wallet.id, owner_id=wallet.owner_id, pair=one.pair, number=one.number,
                    order_id=one.order_id, side=one.side, amount=one.amount, cost=one.cost, fee=one.fee,
                    fee_currency=one.fee_currency, realised=one.realised, at=one.at,
                )
            )  # fmt: skip
            new += 1
    await session.flush()
    return new


async def book(session: AsyncSession, wallet: WalletModel) -> int:
    """Fills of orders that a trade of a bot stands for go into the ledger under that bot; how many. What was adopted
    before its bot came back is taken out of the adoption first."""
    adoptions = select(FindingModel.id).where(
        col(FindingModel.wallet_id) == wallet.id, col(FindingModel.settled_how) == ADOPTED
    )
    waiting = ["", *(await session.exec(adoptions)).all()]
    fills = select(AccountFillModel).where(
        col(AccountFillModel.wallet_id) == wallet.id, col(AccountFillModel.booked).in_(waiting)
    )
    joined = fills.join(
        AccountOrderModel,
        (col(AccountOrderModel.wallet_id) == col(AccountFillModel.wallet_id))
        & (col(AccountOrderModel.pair) == col(AccountFillModel.pair))
        & (col(AccountOrderModel.order_id) == col(AccountFillModel.order_id)),
    ).where(col(AccountOrderModel.trade_id).is_not(None))
    in_order = joined.order_by(col(AccountFillModel.pair), col(AccountFillModel.order_id), col(AccountFillModel.number))
    due = list((await session.exec(in_order)).all())
    if not due:
        return 0
    orders = {
        (one.pair, one.order_id): one for one in await _rows_of(session, wallet.id, {one.order_id for one in due})
    }
    facts: list[OrderFact] = []
    for key in sorted({(one.pair, one.order_id) for one in due}):
        facts += facts_of(orders[key], await _fills_of(session, wallet.id, key))
    booking = await ledger_books.book(session, facts)
    for fact, why in booking.left_out:
        logger.error("order {} of bot {} is not booked: {}", fact.order_id, fact.bot_id, why)
    left_out = {(fact.pair, fact.order_id.partition("~")[0]) for fact, _ in booking.left_out}
    adopted = [one for one in due if one.booked and (one.pair, one.order_id) not in left_out]
    for (finding_id, pair, _), fills_back in groupby(adopted, lambda one: (one.booked, one.pair, one.order_id)):
        back = list(fills_back)
        for currency, amount in effect(_fill(one) for one in back).items():
            name = f"{finding_id}:back:{pair}:{back[-1].number}:{currency}"
            if amount:
                note = "Its bot came back and stands for it."
                await wallets.adjust(session, wallet.id, currency, -amount, key=name, note=note)
    for one in due:
        if (one.pair, one.order_id) not in left_out:
            one.booked = orders[one.pair, one.order_id].bot_id
            session.add(one)
    await session.flush()
    return len(due)


def facts_of(order: AccountOrderModel, fills: Sequence[AccountFillModel]) -> list[OrderFact]:
    """All that an order did by its fills: one fact for each currency in which fees were paid, since an account may run
    out of an exchange's own coin half-way. The first one's has the order's own id. Pure."""
    ordered = sorted(fills, key=lambda one: one.number)
    first = ordered[0].fee_currency
    facts = []
    for currency, group in groupby(sorted(ordered, key=lambda one: one.fee_currency), lambda one: one.fee_currency):
        part = list(group)
        filled, cost = add(one.amount for one in part), add(one.cost for one in part)
        facts.append(
            OrderFact(
                bot_id=order.bot_id,
                mode="live",
                trade_id=order.trade_id or 0,
                order_id=order.order_id if currency == first else f"{order.order_id}~{currency}",
                pair=order.pair,
                side="buy" if part[0].side == "buy" else "sell",
                purpose="entry" if order.purpose == "entry" else "exit",
                status="open" if order.open else "closed",
                filled=filled,
                average=cost / filled if filled else None,
                cost=cost,
                fee=add(one.fee for one in part),
                fee_currency=currency,
                realised=None if part[0].realised is None else add(one.realised or ZERO for one in part),
                at=max(one.at for one in part),
            )
        )
    return facts


async def adopt(session: AsyncSession, account: Account, finding: FindingModel, drift: Mapping[str, Decimal]) -> None:
    """Takes into the ledger what the account says of a finding."""
    wallet, why = account.wallet, finding.asked_why or ""
    if finding.kind in (Kind.DRIFTED_BALANCE, Kind.UNOWNED_POSITION):
        moved = {finding.subject: drift.get(finding.subject, ZERO)}
        number = 0
    else:
        pair, _, order_id = finding.subject.partition(" ")
        rows = [one for one in await _fills_of(session, wallet.id, (pair, order_id)) if not one.booked]
        moved, number = effect(_fill(one) for one in rows), max((one.number for one in rows), default=0)
        for one in rows:
            one.booked = finding.id
            session.add(one)
    for currency, amount in sorted(moved.items()):
        if amount:
            note = f"{finding.message} Adopted by {finding.asked_by}: {why}"[:500]
            await wallets.adjust(
                session, wallet.id, currency, amount, key=f"{finding.id}:{number}:{currency}", note=note
            )
    await session.flush()


async def _orders(
    session: AsyncSession, wallet_id: str, unbooked: Collection[str], told: AccountReading
) -> list[AccountOrderModel]:
    found = select(FindingModel.subject).where(
        col(FindingModel.wallet_id) == wallet_id, col(FindingModel.state) == "open"
    )
    subjects = {subject.partition(" ")[2] for subject in (await session.exec(found)).all()}
    ids = {*unbooked, *(one.order_id for one in told.orders), *subjects}
    query = select(AccountOrderModel).where(
        col(AccountOrderModel.wallet_id) == wallet_id,
        or_(
            col(AccountOrderModel.open).is_(True),
            col(AccountOrderModel.order_id).in_(sorted(ids)),
            col(AccountOrderModel.told_at) > utc_now() - _LATELY,
        ),
    )
    return list((await session.exec(query)).all())


async def _rows_of(session: AsyncSession, wallet_id: str, order_ids: Collection[str]) -> list[AccountOrderModel]:
    query = select(AccountOrderModel).where(
        col(AccountOrderModel.wallet_id) == wallet_id, col(AccountOrderModel.order_id).in_(list(order_ids))
    )
    return list((await session.exec(query)).all())


async def _fills(session: AsyncSession, wallet_id: str, *where: object) -> list[AccountFill]:
    query = select(AccountFillModel).where(col(AccountFillModel.wallet_id) == wallet_id, *where)  # type: ignore[arg-type]
    return [_fill(row) for row in (await session.exec(query.order_by(col(AccountFillModel.at)))).all()]


async def _fills_of(session: AsyncSession, wallet_id: str, key: OrderKey) -> list[AccountFillModel]:
    query = select(AccountFillModel).where(
        col(AccountFillModel.wallet_id) == wallet_id,
        col(AccountFillModel.pair) == key[0],
        col(AccountFillModel.order_id) == key[1],
    )
    return list((await session.exec(query.order_by(col(AccountFillModel.number)))).all())


async def _filled(session: AsyncSession, wallet_id: str, keys: Sequence[OrderKey]) -> dict[OrderKey, Decimal]:
    ids = sorted({order_id for _, order_id in keys})
    found: defaultdict[OrderKey, Decimal] = defaultdict(lambda: ZERO)
    for one in await _fills(session, wallet_id, col(AccountFillModel.order_id).in_(ids)):
        found[one.pair, one.order_id] = add((found[one.pair, one.order_id], one.amount))
    return dict(found)


def _fill(row: AccountFillModel) -> AccountFill:
    return AccountFill(
        row.pair,
        row.number,
        row.order_id,
        row.side,
        row.amount,
        row.cost,
        row.fee,
        row.fee_currency,
        row.at,
        row.realised,
    )


async def note_reading(
    session: AsyncSession, wallet: WalletModel, told: AccountReading, *, agrees: bool
) -> AccountReadingModel:
    """What the account told; the first time it is where the ledger begins."""
    row = await _reading_of(session, wallet)
    row.opened_at = row.opened_at or told.at
    row.read_at, row.problem = utc_now(), None
    row.agreed_at = row.read_at if agrees else row.agreed_at
    row.balances = {
        name: {"free": format(one.free, "f"), "locked": format(one.locked, "f")} for name, one in told.balances.items()
    }
    row.positions = {pair: format(amount, "f") for pair, amount in told.positions.items()}
    session.add(row)
    await session.flush()
    return row


async def note_trouble(session: AsyncSession, wallet: WalletModel, problem: str) -> tuple[AccountReadingModel, bool]:
    """Why it is not read now; what it told last, and whether the trouble is news."""
    row = await _reading_of(session, wallet)
    news = row.problem is None
    row.problem = problem[:500]
    session.add(row)
    await session.flush()
    return row, news


async def _reading_of(session: AsyncSession, wallet: WalletModel) -> AccountReadingModel:
    row = await reading(session, wallet.id)
    return row or AccountReadingModel(wallet_id=wallet.id, owner_id=wallet.owner_id, balances={}, positions={})
