"""Bots' books into the ledger: each order fact once, however often and in whatever order it is told.

Facts are not refused for what they do to a balance: they happened. What should not be (a bot below zero, a fact of the
other mode than its wallet's) is told by `wallets.check` and by what `book` answers.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import or_, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.kit.clock import utc_now
from orchestrator.wallets import capital, repository
from orchestrator.wallets.booking import Booked, booked_of, postings_of
from orchestrator.wallets.ledger import Entry, Unbalanced
from orchestrator.wallets.models import LedgerOrderModel, LedgerTransactionModel, WalletBotModel, WalletModel
from orchestrator.wallets.service import PAPER
from pool.contract.books import OrderFact


@dataclass(slots=True)
class Booking:
    """What came of a batch."""

    transactions: int = 0
    """Written; none where all was known."""
    left_out: list[tuple[OrderFact, str]] = field(default_factory=list)
    """Facts that cannot be booked, and why, in a sentence."""


async def book(
    session: AsyncSession, facts: Iterable[OrderFact], read_at: Mapping[str, datetime] | None = None
) -> Booking:
    """Brings the ledger to what these orders, of any bots, did. `read_at` says up to when each bot's books were read,
    or its exchange account that agreed. Locks the wallets concerned by id, so a unit of work calls it once."""
    by_bot: dict[str, list[OrderFact]] = defaultdict(list)
    for fact in facts:
        by_bot[fact.bot_id].append(fact)
    read = read_at or {}
    concerned = by_bot.keys() | read.keys()
    wallet_ids = {bot.wallet_id for bot in await repository.bots(session, concerned)}
    wallets = {one.id: one for one in await repository.locked(session, wallet_ids)}
    bots = {bot.bot_id: bot for bot in await repository.bots(session, concerned)}  # as they are under the locks
    booking = Booking()
    for bot_id in sorted(concerned):
        bot = bots.get(bot_id)
        if bot is None:
            booking.left_out += [(fact, "The bot has no wallet.") for fact in by_bot[bot_id]]
            continue
        if bot_id in read and (bot.books_at is None or read[bot_id] > bot.books_at):
            bot.books_at = read[bot_id]
            session.add(bot)
        written = await _book(session, wallets[bot.wallet_id], bot, by_bot[bot_id], booking)
        if _goes_on(wallets[bot.wallet_id], bot, read.get(bot_id), written):
            key = f"books:{written[-1].number}" if written else f"read:{bot.books_at}"
            await capital.pass_on(session, wallets[bot.wallet_id], bot, key, utc_now())
    await session.flush()
    return booking


async def note_read(session: AsyncSession, read_at: Mapping[str, datetime]) -> None:
    """That these bots' books have nothing new up to then. Locks the wallets concerned as `book` does."""
    if not read_at:
        return
    share = WalletBotModel
    wallets = select(share.wallet_id).where(col(share.bot_id).in_(list(read_at))).distinct()
    await repository.locked(session, (await session.exec(wallets)).all())
    by_moment: dict[datetime, list[str]] = defaultdict(list)
    for bot_id, moment in read_at.items():
        by_moment[moment].append(bot_id)
    for moment, bot_ids in by_moment.items():
        before = or_(col(share.books_at).is_(None), col(share.books_at) < moment)
        statement = update(share).where(col(share.bot_id).in_(bot_ids), col(share.released_at).is_(None), before)
        await session.exec(statement.values(books_at=moment))


def _goes_on(
    wallet: WalletModel,
    bot: WalletBotModel,
    read_at: datetime | None,
    written: Sequence[LedgerTransactionModel],
) -> bool:
    """Whether what a bot has is its wallet's by now. Of an exchange account only once all that it did before it was
    gone is known to be booked: its money may be spent, and is given to nobody meanwhile."""
    if bot.released_at is None:
        return False
    if wallet.kind == PAPER:
        return bool(written) or read_at is not None
    return read_at is not None and read_at > bot.released_at


async def _book(
    session: AsyncSession, wallet: WalletModel, bot: WalletBotModel, facts: Sequence[OrderFact], booking: Booking
) -> list[LedgerTransactionModel]:
    """What was written."""
    mode = "dry" if wallet.kind == PAPER else "live"
    booking.left_out += [(fact, f"It is of {fact.mode} books.") for fact in facts if fact.mode != mode]
    told = sorted((fact for fact in facts if fact.mode == mode), key=lambda one: (one.at, one.filled))
    try:
        async with session.begin_nested():
            written, left_out = await _book_orders(session, wallet, bot, told)
    except Unbalanced as error:
        booking.left_out += [(fact, f"It cannot be booked: {error}.") for fact in told]
        return []
    booking.left_out += left_out
    booking.transactions += len(written)
    return written


async def _book_orders(
    session: AsyncSession, wallet: WalletModel, bot: WalletBotModel, facts: Sequence[OrderFact]
) -> tuple[list[LedgerTransactionModel], list[tuple[OrderFact, str]]]:
    rows = {(row.pair, row.order_id): row for row in await _orders(session, bot.bot_id, facts)}
    trades: dict[int, dict[tuple[str, str], Booked]] = defaultdict(dict)
    for key, row in rows.items():
        trades[row.trade_id][key] = repository.booked_of(row)
    entries: list[Entry] = []
    changed: dict[tuple[str, str], Booked] = {}
    left_out: list[tuple[OrderFact, str]] = []
    for told in facts:
        key = (told.pair, told.order_id)
        known = changed.get(key) or (repository.booked_of(rows[key]) if key in rows else None)
        fact = told if known is None else told.model_copy(update={"trade_id": known.trade_id})  # stays in its trade
        trade = trades[fact.trade_id]
        try:
            made = postings_of(fact, list(trade.values()))
        except (ValueError, ArithmeticError) as error:  # amounts of more digits than there can be
            left_out.append((told, f"It cannot be booked: {error}."))
            continue
        if made:
            entries += made
            trade[key] = changed[key] = booked_of(fact, known)
    written = await repository.post(session, wallet, entries, automatic=True)
    for key, booked in changed.items():
        repository.put_order(session, bot, rows.get(key), booked)
    await session.flush()
    return written, left_out


async def _orders(session: AsyncSession, bot_id: str, facts: Sequence[OrderFact]) -> list[LedgerOrderModel]:
    """What the ledger has of these orders, and of all of their trades."""
    by_id = await repository.orders(session, bot_id, order_ids={fact.order_id for fact in facts})
    trades = {fact.trade_id for fact in facts} | {row.trade_id for row in by_id}
    return by_id + await repository.orders(session, bot_id, trade_ids=trades)
