"""Bots' books, read from their pools and written down.

What a page tells is committed together with how far it was read, so nothing is lost and nothing is booked twice,
whoever leads; what is told again changes nothing. Orders of dry bots go into the ledger as their FreqTrade has them. Of
live bots they are kept beside the exchange's own account of them, which is what the ledger takes
(`bookkeeping.accounts`): only that has the fees to the last digit.

A round asks each pool for marks of all books in it, and reads those whose mark is another one than before they were
read last: most bots do nothing most of the time. A pool of before tells none, and its books are all read. What could
not be read is read with the next round, and after a start all is read once.

The books of a deleted bot are read from its pool's archive until that was done once after the deletion.
"""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Coroutine, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeVar

from loguru import logger
from sqlalchemy import update
from sqlalchemy.exc import DataError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.bookkeeping.models import AccountOrderModel, BotBooksModel
from orchestrator.bookkeeping.shelves import ReadMarks, Shelf, ShelfKey, shelves
from orchestrator.db.engine import Database
from orchestrator.errors import AgentOutdated, Error, NotFound
from orchestrator.kit.clock import utc_now
from orchestrator.kit.money import ZERO, add, negate
from orchestrator.pools.directory import AgentDirectory
from orchestrator.wallets import books as ledger_books
from pool.contract.books import BookMarks, Books, HeldFact, IntentFact, OrderFact

_AT_ONCE = 4
_MOST_PAGES = 200
_MOST_WAITING = 500
"""An agent tells no more orders at once of those that were told before: of so many not all may be there."""
_NOTED_EVERY = timedelta(seconds=60)
_UNKNOWN_FOR = timedelta(days=1)
"""After so long without an answer about a deleted bot its books are given up."""
_MARKS_SECONDS = 5.0
T = TypeVar("T")


class BooksReader:
    """`intents` are, by bot, those that nobody knows the end of, as told last; `held` is what open trades of futures
    hold, by bot and pair, above zero long, of bots whose books could be read last."""

    def __init__(self, database: Database, agents: AgentDirectory, marks: ReadMarks | None = None) -> None:
        self._database = database
        self._agents = agents
        self._marks = marks or ReadMarks()
        self._told: dict[ShelfKey, tuple[Books, datetime]] = {}
        """By shelf its last page, and up to when that was noted."""
        self.intents: dict[str, Sequence[IntentFact]] = {}
        self.held: dict[str, Mapping[str, Decimal]] = {}

    def rest(self) -> None:
        """Another one reads from now on: what was read is not what was read last."""
        self._forget_all_but(())

    async def read(self, bot_ids: Collection[str] | None = None) -> None:
        """All books that may have changed, or these bots' in any case. What cannot be read is noted and read with the
        next round. Raises SQLAlchemyError, OSError or NotLeading."""
        async with self._database.read() as session:
            found = await shelves(session, bot_ids)
        if bot_ids is None:
            self._forget_all_but({shelf.key for shelf in found})
        by_pool: defaultdict[str | None, list[Shelf]] = defaultdict(list)
        for shelf in found:
            by_pool[shelf.pool_id].append(shelf)
        gate = asyncio.Semaphore(_AT_ONCE)
        rounds = (self._read_pool(*one, gate, everything=bot_ids is not None) for one in by_pool.items())
        await self._note_same([one for same in await _all(rounds) for one in same])

    async def _read_pool(
        self, pool_id: str | None, found: Sequence[Shelf], gate: asyncio.Semaphore, *, everything: bool
    ) -> list[tuple[Shelf, datetime]]:
        """Answers the shelves that are the same as before, and up to when."""
        told = None if everything or pool_id is None else await self._ask(pool_id)
        same = [shelf for shelf in found if self._marks.same(shelf, told)]
        keys = {shelf.key for shelf in same}

        async def one(shelf: Shelf) -> None:
            async with gate:
                await self._read(shelf, told)

        await _all(one(shelf) for shelf in found if shelf.key not in keys)
        return [] if told is None else [(shelf, told.as_of) for shelf in same]

    async def _ask(self, pool_id: str) -> BookMarks | None:
        """None where it tells no marks; why not, each of its books tells that is asked for then."""
        try:
            return await (await self._agents.agent_for(pool_id)).book_marks(_MARKS_SECONDS)
        except Error as error:
            logger.debug("pool {} tells no marks of books: {}", pool_id, error.message)
            return None

    async def _read(self, shelf: Shelf, told: BookMarks | None) -> None:
        asked_at = utc_now()
        self._marks.forget(shelf.key)
        try:
            if await self._follow(shelf, asked_at):
                self._marks.keep(shelf, told)
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

    async def _follow(self, shelf: Shelf, asked_at: datetime) -> bool:
        """Page by page; whether that was to the end. Raises Error."""
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
                return False
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
        return not page.more

    async def _store(self, shelf: Shelf, page: Books, *, closed: bool) -> None:
        before, noted_at = self._told.get(shelf.key, (None, None))
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
        self._told[shelf.key] = (page, page.as_of)

    async def _note_same(self, same: Iterable[tuple[Shelf, datetime]]) -> None:
        """That books which are as they were read are so up to now; once a minute, as with those that are read."""
        due: defaultdict[datetime, list[Shelf]] = defaultdict(list)
        for shelf, as_of in same:
            if as_of - self._told[shelf.key][1] >= _NOTED_EVERY:
                due[as_of].append(shelf)
        if not due:
            return
        dry = {shelf.bot_id: as_of for as_of, found in due.items() for shelf in found if shelf.mode == "dry"}
        async with self._database.unit_of_work() as session:
            await ledger_books.note_read(session, dry)
            for as_of, found in due.items():
                for mode in sorted({shelf.mode for shelf in found}):
                    these = [shelf.bot_id for shelf in found if shelf.mode == mode]
                    statement = update(BotBooksModel).values(read_at=as_of)
                    chosen = col(BotBooksModel.bot_id).in_(these), col(BotBooksModel.mode) == mode
                    await session.exec(statement.where(*chosen))
        for as_of, found in due.items():
            self._told |= {shelf.key: (self._told[shelf.key][0], as_of) for shelf in found}

    def _forget_all_but(self, keys: Collection[ShelfKey]) -> None:
        self._marks.forget_all_but(keys)
        self._told = {key: one for key, one in self._told.items() if key in keys}

    async def _note(self, shelf: Shelf, problem: str | None, *, closed: bool = False) -> None:
        stored = self._told.pop(shelf.key, None) is not None  # which took away what was noted
        problem = None if problem is None else problem[:500]
        if not stored and shelf.noted == (problem, closed):
            return
        async with self._database.unit_of_work() as session:
            row = await session.get(BotBooksModel, (shelf.bot_id, shelf.mode))
            if row is None:
                row = BotBooksModel(
                    bot_id=shelf.bot_id, mode=shelf.mode, owner_id=shelf.owner_id, database="", settled=""
                )
            row.problem, row.closed = problem, closed
            session.add(row)


_ALIVE = ("planned", "placed")


async def _all(work: Iterable[Coroutine[None, None, T]]) -> list[T]:
    """All of it, side by side; whatever is raised is raised once all has ended."""
    outcomes = await asyncio.gather(*work, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
    return [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]


def _content(page: Books) -> object:
    return page.orders, page.intents, page.settled, page.database


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
