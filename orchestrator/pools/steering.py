"""What an administrator does to pools: each act and its row in the audit, in one transaction.

The acts themselves are `service`'s, `moves`' and `orders`'. Who repeats an act changes nothing, and adds no row.
Session first; nothing here commits.
"""

from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.audit import service as audit
from orchestrator.audit.service import By
from orchestrator.errors import Conflict, InvalidSpec, NotFound
from orchestrator.pools import disks as pool_disks
from orchestrator.pools import moves, orders, repository, service
from orchestrator.pools.disks import Disks
from orchestrator.pools.models import MoveModel, PoolModel, PoolOrderModel
from orchestrator.pools.policy import PoolPolicy


async def create(
    session: AsyncSession,
    by: By,
    tenant_id: str | None,
    policy: PoolPolicy,
    *,
    slots_total: int | None = None,
    memory_limit_bytes: int | None = None,
    image: str | None = None,
) -> PoolModel:
    """A new pool; what is left out is as the settings say. Raises InvalidSpec (field `tenant_id` for an unknown user,
    `image` for pools that are no containers)."""
    if image is not None and policy.driver == "process":
        raise InvalidSpec("Pools are local processes here and have no image; leave it out.", field="image")
    try:
        pool = await service.create(
            session,
            tenant_id,
            driver=policy.driver,
            slots_total=slots_total or policy.slots,
            memory_limit_bytes=memory_limit_bytes or policy.memory_limit_bytes,
            image=image or policy.image,
        )
    except NotFound as error:
        raise InvalidSpec(error.message, field="tenant_id") from None
    _record(session, by, "create", pool, None)
    return pool


async def cordon(session: AsyncSession, by: By, pool_id: str) -> PoolModel:
    """Raises NotFound."""
    before = facts(await service.get(session, pool_id))
    return _record(session, by, "cordon", await service.cordon(session, pool_id), before)


async def uncordon(session: AsyncSession, by: By, pool_id: str) -> PoolModel:
    """Raises NotFound, Conflict."""
    before = facts(await service.get(session, pool_id))
    return _record(session, by, "uncordon", await service.uncordon(session, pool_id), before)


async def drain(session: AsyncSession, by: By, pool_id: str, policy: PoolPolicy) -> PoolModel:
    """Raises NotFound, Conflict where its bots could go nowhere."""
    before = facts(await service.get(session, pool_id))
    return _record(session, by, "drain", await service.drain(session, pool_id, policy), before)


async def remove(session: AsyncSession, by: By, pool_id: str) -> PoolModel:
    """Removes an empty pool; what it keeps on disk stays. Raises NotFound, Conflict."""
    before = facts(await service.get(session, pool_id))
    return _record(session, by, "delete", await service.remove(session, pool_id), before)


async def purge(session: AsyncSession, by: By, pool_id: str, policy: PoolPolicy, disks: Disks) -> PoolOrderModel:
    """Has everything that the pool keeps on disk deleted, trades included, as soon as the pool is removed; it may have
    been long ago. `disks` tells of a pool that is gone whose driver has its disk. Raises NotFound, Conflict where the
    pool is neither removed nor empty, or lives although nobody knows it."""
    pool = await repository.find(session, pool_id, lock=True)
    before = None if pool is None else facts(pool)
    driver = policy.driver if pool is None else pool.driver
    if pool is not None:
        await remove(session, by, pool_id)
    elif (found := pool_disks.find(disks, pool_id)) is not None:
        disk, driver = found
        if disk.in_use:
            raise Conflict(
                "Something runs on this disk, though there is no such pool: end it first, its bots may trade.",
                pool_id=pool_id,
            )
    elif not await audit.knows(session, audit.pool(pool_id)):
        raise NotFound("There is and was no such pool; list the pools to see which there are.", pool_id=pool_id[:80])
    order, fresh = await orders.request(session, pool_id, "purge", driver, by)
    if fresh:
        _record_order(session, by, order, before, None if pool is None else facts(pool))
    return order


async def restart(session: AsyncSession, by: By, pool_id: str) -> PoolOrderModel:
    """Has its driver restart the pool: bots stop in good order and start again. Raises NotFound, Conflict."""
    pool = await service.get(session, pool_id)
    if pool.desired_state != "running":
        raise Conflict("The pool is stopped or being removed; there is nothing to restart.", pool_id=pool_id)
    order, fresh = await orders.request(session, pool_id, "restart", pool.driver, by)
    if fresh:
        _record_order(session, by, order, facts(pool), facts(pool))
    return order


async def move(
    session: AsyncSession,
    by: By,
    bot_id: str,
    target_pool_id: str | None,
    policy: PoolPolicy,
    reason: moves.Reason = "move",
) -> MoveModel:
    """Raises what `moves.request` raises."""
    known = await moves.locked(session, bot_id)
    made = await moves.request(session, bot_id, target_pool_id, reason, policy)
    if known is None:
        before, after = {"pool_id": made.source_pool_id}, {"pool_id": made.target_pool_id, "reason": reason}
        audit.record(session, by.actor, "bot.move", audit.bot(bot_id), by.why, before, after)
    return made


async def abandon(session: AsyncSession, by: By, bot_id: str) -> None:
    """Raises NotFound, Conflict."""
    known = await moves.get(session, bot_id)
    before = None
    if known is not None:
        before = {"from": known.source_pool_id, "to": known.target_pool_id, "phase": known.phase}
    await moves.abandon(session, bot_id)
    audit.record(session, by.actor, "bot.move_abandon", audit.bot(bot_id), by.why, before, None)


def facts(pool: PoolModel) -> dict[str, Any]:
    """What the audit tells of a pool."""
    return {
        "tenant_id": pool.tenant_id,
        "driver": pool.driver,
        "image": pool.image,
        "slots_total": pool.slots_total,
        "memory_limit_bytes": pool.memory_limit_bytes,
        "desired_state": pool.desired_state,
        "cordoned": pool.cordoned,
        "draining": pool.draining,
    }


def _record_order(
    session: AsyncSession, by: By, order: PoolOrderModel, before: dict[str, Any] | None, after: dict[str, Any] | None
) -> None:
    """`before` and `after` without the order; None for a pool that went long ago."""
    known = {"driver": order.driver} if before is None else before
    now = {**(after or known), "ordered": order.kind}
    subject = audit.pool(order.pool_id)
    audit.record(session, by.actor, f"pool.{order.kind}", subject, by.why, {**known, "ordered": None}, now)


def _record(session: AsyncSession, by: By, verb: str, pool: PoolModel, before: dict[str, Any] | None) -> PoolModel:
    after = facts(pool)
    if before != after:
        audit.record(session, by.actor, f"pool.{verb}", audit.pool(pool.id), by.why, before, after)
    return pool
