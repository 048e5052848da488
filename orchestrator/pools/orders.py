"""What an administrator wants of a pool once and its driver alone can do: a restart, or its disk purged.

The web edge reaches no driver, so it leaves a row; the task `reconcile.orders` carries it out and drops the row.
Session first; nothing here commits.
"""

from collections.abc import Sequence
from typing import Literal

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.audit import service as audit
from orchestrator.audit.service import By
from orchestrator.kit.clock import utc_now
from orchestrator.pools.models import PoolOrderModel

Kind = Literal["restart", "purge"]
_PROBLEM_LENGTH = 500


async def request(session: AsyncSession, pool_id: str, kind: Kind, driver: str, by: By) -> tuple[PoolOrderModel, bool]:
    """The order, and whether it is new: the same one that still waits stands for both."""
    order = await session.get(PoolOrderModel, (pool_id, kind))
    if order is not None:
        return order, False
    order = PoolOrderModel(
        pool_id=pool_id, kind=kind, driver=driver, actor=by.actor, why=by.why[:500], requested_at=utc_now()
    )
    session.add(order)
    await session.flush()
    return order, True


async def every(session: AsyncSession) -> Sequence[PoolOrderModel]:
    """The oldest first."""
    query = select(PoolOrderModel).order_by(col(PoolOrderModel.requested_at), col(PoolOrderModel.pool_id))
    return (await session.exec(query)).all()


async def done(session: AsyncSession, order: PoolOrderModel, outcome: str) -> None:
    """Drops the order, and tells the audit what became of it."""
    held = await session.get(PoolOrderModel, (order.pool_id, order.kind))
    if held is None or held.requested_at != order.requested_at:
        return
    subject, action = audit.pool(order.pool_id), f"pool.{order.kind}_done"
    audit.record(session, audit.SYSTEM, action, subject, order.why, None, {"outcome": outcome})
    await session.delete(held)
    await session.flush()


async def tell_problem(session: AsyncSession, order: PoolOrderModel, problem: str) -> None:
    """Why it was not done yet, in a sentence."""
    held = await session.get(PoolOrderModel, (order.pool_id, order.kind))
    if held is not None:
        held.problem = problem[:_PROBLEM_LENGTH]
        session.add(held)
        await session.flush()
