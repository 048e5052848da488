"""What pools must know of bots: whose they are, where they are, under which epoch.

Bots live a floor above, so their table is named here by its columns, and no model is imported. Session first; nothing
here commits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Boolean, Column, CursorResult, Executable, Integer, MetaData, String, Table, case, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.db.types import UtcDateTime
from orchestrator.errors import NotFound

_BOTS = Table(
    "bots",
    MetaData(),
    Column("id", String),
    Column("owner_id", String),
    Column("template", String),
    Column("desired_state", String),
    Column("pool_id", String),
    Column("epoch", Integer),
    Column("deleted_at", UtcDateTime),
    Column("created_at", UtcDateTime),
)
_DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Assigned:
    """A bot as pools see it."""

    bot_id: str
    owner_id: str
    template: str
    pool_id: str | None
    epoch: int
    deleting: bool
    """Its deletion was asked for."""


_COLUMNS = (
    _BOTS.c.id,
    _BOTS.c.owner_id,
    _BOTS.c.template,
    _BOTS.c.pool_id,
    _BOTS.c.epoch,
    case((_BOTS.c.desired_state == _DELETED, True), else_=False).cast(Boolean),
)


async def of(session: AsyncSession, bot_id: str) -> Assigned:
    """The bot, its row locked until the unit of work ends. Raises NotFound, also for one that is deleted."""
    query = select(*_COLUMNS).where(_BOTS.c.id == bot_id, _BOTS.c.deleted_at.is_(None)).with_for_update()
    row = (await _execute(session, query)).first()
    if row is None:
        raise NotFound("There is no such bot; list the bots to see which there are.", bot_id=bot_id[:80])
    return _assigned(row)


async def every(session: AsyncSession) -> Sequence[Assigned]:
    """Bots whose deletion was not carried out yet, those without a pool included, by id."""
    query = select(*_COLUMNS).where(_BOTS.c.deleted_at.is_(None)).order_by(_BOTS.c.id)
    return [_assigned(row) for row in (await _execute(session, query)).all()]


async def of_pool(session: AsyncSession, pool_id: str) -> Sequence[Assigned]:
    """Bots of a pool whose deletion was not carried out yet, by id."""
    query = select(*_COLUMNS).where(_BOTS.c.pool_id == pool_id, _BOTS.c.deleted_at.is_(None)).order_by(_BOTS.c.id)
    return [_assigned(row) for row in (await _execute(session, query)).all()]


async def owners_ever(session: AsyncSession, pool_id: str) -> set[str]:
    """Who had or has a bot in the pool, deleted ones included: their directories are in its archive."""
    query = select(_BOTS.c.owner_id).where(_BOTS.c.pool_id == pool_id).distinct()
    return set((await _execute(session, query)).scalars())


async def forget_deleted(session: AsyncSession, pool_id: str) -> None:
    """Rows of deleted bots stay for the history, but name the pool no more: it can be removed then."""
    statement = update(_BOTS).where(_BOTS.c.pool_id == pool_id, _BOTS.c.deleted_at.is_not(None)).values(pool_id=None)
    await _execute(session, statement)


async def _execute(session: AsyncSession, statement: Executable) -> CursorResult[Any]:
    """In the session's transaction, and after what it has not written yet."""
    await session.flush()
    return await (await session.connection()).execute(statement)


def _assigned(row: Sequence[object]) -> Assigned:
    bot_id, owner_id, template, pool_id, epoch, deleting = row
    return Assigned(
        str(bot_id),
        str(owner_id),
        str(template),
        None if pool_id is None else str(pool_id),
        int(str(epoch)),
        bool(deleting),
    )
