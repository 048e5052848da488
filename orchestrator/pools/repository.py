"""Queries on pools, cursors and leases."""

from collections.abc import Sequence

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.kit.pages import Page, decode_cursor, page_of
from orchestrator.pools.models import LeaseModel, PoolCursorModel, PoolModel


async def find(session: AsyncSession, pool_id: str, *, lock: bool = False) -> PoolModel | None:
    query = select(PoolModel).where(col(PoolModel.id) == pool_id)
    return (await session.exec(query.with_for_update() if lock else query)).first()


async def every(session: AsyncSession) -> Sequence[PoolModel]:
    return (await session.exec(select(PoolModel).order_by(col(PoolModel.id)))).all()


async def page(session: AsyncSession, limit: int, after: str | None) -> Page[PoolModel]:
    query = select(PoolModel).order_by(col(PoolModel.id)).limit(limit + 1)
    if after is not None:
        (pool_id,) = decode_cursor(after, [str])
        query = query.where(col(PoolModel.id) > pool_id)
    return page_of((await session.exec(query)).all(), limit, lambda pool: (pool.id,))


async def cursor(session: AsyncSession, pool_id: str) -> PoolCursorModel | None:
    return await session.get(PoolCursorModel, pool_id)


async def lease(session: AsyncSession, name: str) -> LeaseModel | None:
    query = select(LeaseModel).where(col(LeaseModel.name) == name).with_for_update()
    return (await session.exec(query)).first()
