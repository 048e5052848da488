"""Bots' books, read from their pools and written down.

What a page tells is committed together with how far it was read, so nothing is lost and nothing is booked twice,
whoever leads; what is told again changes nothing. Orders of dry bots go into the ledger as their FreqTrade has them. Of
live bots they are kept beside the exchange's own account of them, which is what the ledger takes
(`bookkeeping.accounts`): only that has the fees to the last digit.

The books of a deleted bot are read from its pool's archive until that was done once after the deletion.
"""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from loguru import logger
from sqlalchemy import or_
from sqlalchemy.exc import DataError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.bookkeeping.models import AccountOrderModel, BotBooksModel
from orchestrator.bots.models import BotModel
from orchestrator.db.engine import Database
from orchestrator.errors import AgentOutdated, Error, NotFound
from orchestrator.kit.clock import utc_now
from orchestrator.kit.money import ZERO, add, negate
from orchestrator.pools.directory import AgentDirectory
from orchestrator.wallets import books as ledger_books
from orchestrator.wallets.models import WalletBotModel
from pool.contract.books import BookMode, Books, HeldFact, IntentFact, OrderFact

_AT_ONCE = 4
_MOST_PAGES = 200
_MOST_WAITING = 500
"""An agent tells no more orders at once of those that were told before: of so many not all may be there."""
_NOTED_EVERY = timedelta(seconds=60)
_UNKNOWN_FOR = timedelta(days=1)
"""After so long without an answer about a deleted bot its books are given up."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """Whose books, and where they are."""

    bot_id: str
    owner_id: str
    wallet_id: str
    mode: BookMode
    pool_id: str | None
    deleted_at: datetime | None
    settled: str = ""
    """How far they were read, of the database that is named `database`."""
    database: str = ""


class BooksReader:
    """`intents` are, by bot, those that nobody knows the end of, as told last; `held` is what open trades of futures
    hold, by bot and pair, above zero long, of bots whose books could be read last."""

    def __init__(self, database: Database, agents: AgentDirectory) -> None:
        self._database = database
        self._agents = agents
        self._told: dict[tuple[str, str], tuple[Books, datetime]] = {}
        self.intents: dict[str, Sequence[IntentFact]] = {}
        self.held: dict[str, Mapping[str, Decimal]] = {}

    async def read(self, bot_ids: Collection[str] | None = None) -> None:
        """All books that may have changed, or these bots'. What cannot be read is noted and read with the next round.
        Raises SQLAlchemyError, OSError or NotLeading."""
        async with self._database.read() as session:
            shelves = await _shelves(session, bot_ids)
        gate = asyncio.Semaphore(_AT_ONCE)

        async def one(shelf: Shelf) -> None:
            async with gate:
                await self._read(shelf)

        outcomes = await asyncio.gather(*(one(shelf) for shelf in shelves), return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome

    async def _read(self, shelf: Shelf) -> None:
        asked_at = utc_now()
        try:
            await self._follow(shelf, asked_at)
        except NotFound:
            if shelf.deleted_at is not None:  # it never ran there
                await self._note(shelf, None, closed=True)
        except AgentOutdated as error:
            await self._note(shelf, error.message)
        except DataError as error:  # a bot writes its books itself; others' are read on
            logger.warning("the books of bot {} cannot be kept: {}", shelf.bot_id, type(error.orig).__name__)
            await self._note(shelf, "Its books have amounts or names that cannot be kept.")
        except Error as error:
            given_up = shelf.deleted_at is not None and asked_at - shelf.deleted_at > _UNKNOWN_FOR
            await self._note(shelf, error.message, closed=given_up)

    async def _follow(self, shelf: Shelf, asked_at: datetime) -> None:
        """Page by page. Raises Error."""
        if shelf.pool_id is None:
            raise NotFound("The bot is in no pool.")
        agent = await self._agents.agent_for(shelf.pool_id)
        after = shelf.settled
        self.held.pop(shelf.bot_id, None)
        intents: dict[str, IntentFact] = {}
        for page_number in range(_MOST_PAGES):
            page = await agent.books(shelf.bot_id, shelf.mode, after)
            if page_number == 0 and after and page.database != shelf.database and page.problem is None:
                after = ""  # made anew: from its beginning
                page = await agent.books(shelf.bot_id, shelf.mode, after)
            if page.problem is not None:
                await self._note(shelf, page.problem)
                return
            intents |= {one.client_order_id: one for one in page.intents if not one.booked and one.state in _ALIVE}
            done = not page.more and shelf.deleted_at is not None and asked_at > shelf.deleted_at
            await self._store(shelf, page, closed=done)
            if not page.more:
                break
            after = page.cursor
        if shelf.mode == "live":
            self.intents[shelf.bot_id] = tuple(intents.values())
            if page.held is not None:
                self.held[shelf.bot_id] = _held(page.held)

    async def _store(self, shelf: Shelf, page: Books, *, closed: bool) -> None:
        key = (shelf.bot_id, shelf.mode)
        before, noted_at = self._told.get(key, (None, None))
        same = before is not None and _content(before) == _content(page) and not page.more and not closed
        if same and noted_at is not None and page.as_of - noted_at < _NOTED_EVERY:
            return
        if page.unreadable:
            logger.warning("{} rows in the books of bot {} are not FreqTrade's", page.unreadable, shelf.bot_id)
        async with self._database.unit_of_work() as session:
            if shelf.mode == "dry":
                filled = [fact for fact in page.orders if fact.filled]
                booking = await ledger_books.book(session, filled, {shelf.bot_id: page.as_of})
                for fact, why in booking.left_out:
                    logger.warning("order {} of bot {} is not booked: {}", fact.order_id, shelf.bot_id, why)
            else:
                await _keep(session, shelf, page)
            await session.merge(
                BotBooksModel(
                    bot_id=shelf.bot_id, mode=shelf.mode, owner_id=shelf.owner_id, database=page.database,
                    settled=page.settled, read_at=page.as_of, problem=None, closed=closed,
                )
            )  # fmt: skip
        self._told[key] = (page, page.as_of)

    async def _note(self, shelf: Shelf, problem: str | None, *, closed: bool = False) -> None:
        self._told.pop((shelf.bot_id, shelf.mode), None)
        async with self._database.unit_of_work() as session:
            row = await session.get(BotBooksModel, (shelf.bot_id, shelf.mode))
            if row is None:
                row = BotBooksModel(
                    bot_id=shelf.bot_id, mode=shelf.mode, owner_id=shelf.owner_id, database="", settled=""
                )
            if (row.problem, row.closed) != (problem, closed):
                row.problem, row.closed = None if problem is None else problem[:500], closed
                session.add(row)


_ALIVE = ("planned", "placed")


def _content(page: Books) -> object:
    return page.orders, page.intents, page.settled, page.database


async def _shelves(session: AsyncSession, bot_ids: Collection[str] | None) -> list[Shelf]:
    """Of bots with a wallet that had a place in a pool: living ones, and deleted ones whose books are not closed."""
    query = (
        select(BotModel, WalletBotModel.wallet_id, BotBooksModel)
        .join(WalletBotModel, col(WalletBotModel.bot_id) == col(BotModel.id))
        .join(BotBooksModel, col(BotBooksModel.bot_id) == col(BotModel.id), isouter=True)
        .where(
            col(BotModel.epoch) > 0,
            or_(
                col(BotModel.deleted_at).is_(None),
                col(BotBooksModel.closed).is_(False),
                col(BotBooksModel.bot_id).is_(None),
            ),
        )
        .order_by(col(BotModel.id))
    )
    if bot_ids is not None:
        query = query.where(col(BotModel.id).in_(list(bot_ids)))
    found: dict[tuple[str, str], Shelf] = {}
    for bot, wallet_id, row in (await session.exec(query)).all():
        mode: BookMode = "dry" if bot.dry_run else "live"
        if row is None or row.mode == mode:
            read = ("", "") if row is None else (row.settled, row.database)
            found[bot.id, mode] = Shelf(bot.id, bot.owner_id, wallet_id, mode, bot.pool_id, bot.deleted_at, *read)
        elif bot.deleted_at is None:
            found.setdefault((bot.id, mode), Shelf(bot.id, bot.owner_id, wallet_id, mode, bot.pool_id, None))
    return list(found.values())


async def _keep(session: AsyncSession, shelf: Shelf, page: Books) -> None:
    """A live bot's orders as it believes them to be, under the exchange's ids."""
    rows = {(row.pair, row.order_id): row for row in await _known(session, shelf.wallet_id, _order_ids(page))}
    for intent in page.intents:
        key = intent.pair, intent.order_id or ""
        if intent.order_id is not None and not intent.booked and key not in rows:
            rows[key] = planned(shelf.wallet_id, shelf.owner_id, shelf.bot_id, intent, intent.order_id)
            session.add(rows[key])
    for fact in page.orders:
        row = rows.get((fact.pair, fact.order_id))
        if row is None:
            row = rows[fact.pair, fact.order_id] = _row(shelf, fact)
        row.bot_id, row.trade_id, row.purpose = shelf.bot_id, fact.trade_id, fact.purpose
        row.open, row.filled, row.told_at = fact.status == "open", fact.filled, fact.at
        session.add(row)
    await session.flush()
    if page.database and not (page.more or page.unreadable) and len(page.orders) < _MOST_WAITING:
        told = {(fact.pair, fact.order_id) for fact in page.orders}
        for row in await _waiting(session, shelf):
            if (row.pair, row.order_id) not in told:
                row.open = False
                session.add(row)
        await session.flush()


async def _waiting(session: AsyncSession, shelf: Shelf) -> list[AccountOrderModel]:
    """Orders of trades that the bot was last said to have open. All that it has open are on each page of its books, so
    what is not there any more FreqTrade took away with its trade: a first entry that was cancelled unfilled."""
    query = select(AccountOrderModel).where(
        col(AccountOrderModel.wallet_id) == shelf.wallet_id,
        col(AccountOrderModel.bot_id) == shelf.bot_id,
        col(AccountOrderModel.open).is_(True),
        col(AccountOrderModel.trade_id).is_not(None),
    )
    return list((await session.exec(query)).all())


def planned(wallet_id: str, owner_id: str, bot_id: str, intent: IntentFact, order_id: str) -> AccountOrderModel:
    """An order that a bot sent and that FreqTrade has no row of."""
    return AccountOrderModel(
        wallet_id=wallet_id, pair=intent.pair, order_id=order_id, owner_id=owner_id, bot_id=bot_id, open=True,
        filled=ZERO, told_at=intent.at,
    )  # fmt: skip


def _row(shelf: Shelf, fact: OrderFact) -> AccountOrderModel:
    return AccountOrderModel(
        wallet_id=shelf.wallet_id, pair=fact.pair, order_id=fact.order_id, owner_id=shelf.owner_id,
        bot_id=shelf.bot_id, open=True, filled=fact.filled, told_at=fact.at,
    )  # fmt: skip


def _held(trades: Sequence[HeldFact]) -> dict[str, Decimal]:
    found: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
    for one in trades:
        found[one.pair] = add((found[one.pair], negate(one.amount) if one.is_short else one.amount))
    return dict(found)


def _order_ids(page: Books) -> list[str]:
    return [*(one.order_id for one in page.orders), *(one.order_id for one in page.intents if one.order_id is not None)]


async def _known(session: AsyncSession, wallet_id: str, order_ids: Sequence[str]) -> list[AccountOrderModel]:
    query = select(AccountOrderModel).where(
        col(AccountOrderModel.wallet_id) == wallet_id, col(AccountOrderModel.order_id).in_(list(order_ids))
    )
    return list((await session.exec(query)).all())
