"""Which books there are to read, and which of them are as they were when they were read last."""

import random
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import or_, select
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.bookkeeping.models import BotBooksModel
from orchestrator.bots.models import BotModel
from orchestrator.wallets.models import WalletBotModel
from pool.contract.books import BookMarks, BookMode

_ANYWAY_SECONDS = 900.0
"""So long after they were read books are read again, whatever their mark says: no sign is trusted for ever."""
_MODELS = (BotModel, WalletBotModel, BotBooksModel)
_BOTS, _SHARES, _BOOKS = (SQLModel.metadata.tables[str(model.__tablename__)] for model in _MODELS)
_OF_BOT = (_BOTS.c.id, _BOTS.c.owner_id, _BOTS.c.dry_run, _BOTS.c.pool_id, _BOTS.c.epoch, _BOTS.c.deleted_at)
_OF_BOOKS = (_BOOKS.c.mode, _BOOKS.c.settled, _BOOKS.c.database, _BOOKS.c.problem, _BOOKS.c.closed)

ShelfKey = tuple[str, BookMode]
"""Bot and mode."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """Whose books, and where they are."""

    bot_id: str
    owner_id: str
    wallet_id: str
    mode: BookMode
    pool_id: str | None
    epoch: int
    deleted_at: datetime | None
    settled: str = ""
    """How far they were read, of the database that is named `database`."""
    database: str = ""
    noted: tuple[str | None, bool] | None = None
    """What was noted of them last, `BotBooksModel.problem` and `.closed`; None where nothing was yet."""

    @property
    def key(self) -> ShelfKey:
        return self.bot_id, self.mode

    @property
    def place(self) -> tuple[object, ...]:
        """Where they are read and booked: anywhere else a mark means nothing."""
        return self.pool_id, self.epoch, self.wallet_id


async def shelves(session: AsyncSession, bot_ids: Collection[str] | None) -> list[Shelf]:
    """Of bots (or of these) with a wallet that had a place in a pool: living ones, and deleted ones whose books are not
    closed."""
    query = (
        select(*_OF_BOT, _SHARES.c.wallet_id, *_OF_BOOKS)
        .join(_SHARES, _SHARES.c.bot_id == _BOTS.c.id)
        .join(_BOOKS, _BOOKS.c.bot_id == _BOTS.c.id, isouter=True)
        .where(
            _BOTS.c.epoch > 0,
            or_(_BOTS.c.deleted_at.is_(None), _BOOKS.c.closed.is_(False), _BOOKS.c.bot_id.is_(None)),
        )
        .order_by(_BOTS.c.id)
    )
    if bot_ids is not None:
        query = query.where(_BOTS.c.id.in_(list(bot_ids)))
    found: dict[ShelfKey, Shelf] = {}
    for bot_id, owner_id, dry, pool_id, epoch, deleted_at, wallet_id, read, *row in (
        await (await session.connection()).execute(query)
    ).all():
        mode: BookMode = "dry" if dry else "live"
        of_bot = bot_id, owner_id, wallet_id, mode, pool_id, epoch, deleted_at
        if read is None:
            found[bot_id, mode] = Shelf(*of_bot)
        elif read == mode:
            settled, database, problem, closed = row
            found[bot_id, mode] = Shelf(*of_bot, settled, database, (problem, closed))
        elif deleted_at is None:
            found.setdefault((bot_id, mode), Shelf(*of_bot))
    return list(found.values())


class _Read(NamedTuple):
    place: tuple[object, ...]
    mark: str
    until: float
    """When they are read again anyway, by the monotonic clock."""


class ReadMarks:
    """The marks that books had before they were read last, by this process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._read: dict[ShelfKey, _Read] = {}

    def same(self, shelf: Shelf, told: BookMarks | None) -> bool:
        """Whether they would tell what they told last. The last books of a deleted bot are always read."""
        known = self._read.get(shelf.key)
        if known is None or told is None or shelf.deleted_at is not None:
            return False
        same = (known.place, known.mark) == (shelf.place, told.marks.get(shelf.bot_id))
        return same and self._clock() < known.until

    def keep(self, shelf: Shelf, told: BookMarks | None) -> None:
        """They were read to their end after this was told."""
        mark = None if told is None else told.marks.get(shelf.bot_id)
        if mark is not None:
            patience = _ANYWAY_SECONDS * random.uniform(0.5, 1)  # noqa: S311 - so that not all fall due at once
            self._read[shelf.key] = _Read(shelf.place, mark, self._clock() + patience)

    def forget(self, key: ShelfKey) -> None:
        self._read.pop(key, None)

    def forget_all_but(self, keys: Collection[ShelfKey]) -> None:
        self._read = {key: one for key, one in self._read.items() if key in keys}
