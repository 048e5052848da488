"""Queries on pools, moves, cursors, and which pools a roll-out needs."""

from collections.abc import Sequence

from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.kit.pages import Page, decode_cursor, page_of
from orchestrator.pools.models import MoveModel, PoolCursorModel, PoolModel, RolloutModel
from orchestrator.pools.rollout_facts import ACTIVE
from orchestrator.users.models import UserModel


async def find(session: AsyncSession, pool_id: str, *, lock: bool = False) -> PoolModel | None:
    """Locked it is as it is now, whatever the session read of it before."""
    query = select(PoolModel).where(col(PoolModel.id) == pool_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return (await session.exec(query)).first()


async def every(session: AsyncSession) -> Sequence[PoolModel]:
    return (await session.exec(select(PoolModel).order_by(col(PoolModel.id)))).all()


async def page(session: AsyncSession, limit: int, after: str | None, tenant_id: str | None) -> Page[PoolModel]:
    """By id; of this tenant and shared ones, or all (None)."""
    query = select(PoolModel).order_by(col(PoolModel.id)).limit(limit + 1)
    if tenant_id is not None:
        query = query.where(or_(col(PoolModel.tenant_id) == tenant_id, col(PoolModel.tenant_id).is_(None)))
    if after is not None:
        (pool_id,) = decode_cursor(after, [str])
        query = query.where(col(PoolModel.id) > pool_id)
    return page_of((await session.exec(query)).all(), limit, lambda pool: (pool.id,))


async def move(session: AsyncSession, bot_id: str) -> MoveModel | None:
    """The bot's move, locked until the unit of work ends."""
    query = select(MoveModel).where(col(MoveModel.bot_id) == bot_id).with_for_update()
    return (await session.exec(query)).first()


async def moves(session: AsyncSession) -> Sequence[MoveModel]:
    """All moves, the oldest first."""
    return (await session.exec(select(MoveModel).order_by(col(MoveModel.started_at), col(MoveModel.bot_id)))).all()


async def moves_of_pool(session: AsyncSession, pool_id: str) -> Sequence[MoveModel]:
    """Moves to the pool or from it."""
    which = or_(col(MoveModel.source_pool_id) == pool_id, col(MoveModel.target_pool_id) == pool_id)
    return (await session.exec(select(MoveModel).where(which))).all()


async def pools_in_rollouts(session: AsyncSession) -> set[str]:
    """Old and new pools of the roll-out that is under way, or about to be rolled back."""
    query = select(RolloutModel).where(or_(col(RolloutModel.state).in_(ACTIVE), col(RolloutModel.wish).is_not(None)))
    legs = [leg for rollout in (await session.exec(query)).all() for leg in rollout.legs]
    return {leg[end] for leg in legs for end in ("source_pool_id", "target_pool_id") if leg.get(end) is not None}


async def first_admin(session: AsyncSession) -> str | None:
    """Id of the administrator who was there first."""
    query = select(UserModel.id).where(col(UserModel.role) == "admin", col(UserModel.deactivated_at).is_(None))
    return (await session.exec(query.order_by(col(UserModel.created_at), col(UserModel.id)))).first()


async def cursor(session: AsyncSession, pool_id: str) -> PoolCursorModel | None:
    return await session.get(PoolCursorModel, pool_id)
