"""Which bots run a strategy. Bots live a floor above, so their table is named here by its columns; the answer does not
depend on who asks, since a strategy that others run may not go either. Session first; nothing here commits."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Column, MetaData, String, Table, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.db.types import UtcDateTime

_BOTS = Table(
    "bots",
    MetaData(),
    Column("id", String),
    Column("owner_id", String),
    Column("strategy_id", String),
    Column("strategy_version_id", String),
    Column("trading_mode", String),
    Column("timeframe", String),
    Column("desired_state", String),
    Column("deleted_at", UtcDateTime),
)


@dataclass(frozen=True, slots=True)
class Running:
    """A bot that runs a strategy."""

    id: str
    version_id: str
    trading_mode: str
    timeframe: str


async def count(session: AsyncSession, strategy_id: str) -> int:
    """Bots of anybody's that run it and are not deleted yet."""
    query = select(func.count()).where(_BOTS.c.strategy_id == strategy_id, _BOTS.c.deleted_at.is_(None))
    await session.flush()
    return int((await (await session.connection()).execute(query)).scalar_one())


async def bots_of(session: AsyncSession, strategy_id: str, owner_id: str) -> Sequence[Running]:
    """This user's bots that run it and are not about to be deleted, by id."""
    query = select(_BOTS.c.id, _BOTS.c.strategy_version_id, _BOTS.c.trading_mode, _BOTS.c.timeframe).where(
        _BOTS.c.strategy_id == strategy_id,
        _BOTS.c.owner_id == owner_id,
        _BOTS.c.deleted_at.is_(None),
        _BOTS.c.desired_state != "deleted",
    )
    await session.flush()
    rows = (await (await session.connection()).execute(query.order_by(_BOTS.c.id))).all()
    return [Running(*(str(value) for value in row)) for row in rows]
