"""Rebalancing as a whole: what pools and bots are like is read here, `pools.rebalance` plans, moves are asked for."""

from collections.abc import Mapping, Sequence

from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.audit import service as audit
from orchestrator.audit.service import By
from orchestrator.bots import repository
from orchestrator.bots.models import BotModel, BotStatusModel
from orchestrator.errors import Conflict
from orchestrator.pools import moves, provision, rebalance, rollouts, service, steering
from orchestrator.pools.models import MoveModel, PoolModel
from orchestrator.pools.placement import Homeless, admits, memory_limit
from orchestrator.pools.policy import PoolPolicy
from orchestrator.pools.rebalance import BotLoad, Goal, Plan, PoolLoad
from pool.contract.pools import PoolReport
from pool.contract.slots import ObservedState

_AT_REST = (ObservedState.RUNNING, ObservedState.PAUSED, ObservedState.STOPPED)
"""Bots in other states are left alone: whatever is being done to them has to end first."""


async def preview(session: AsyncSession, goal: Goal | None, policy: PoolPolicy) -> Plan:
    """What `apply` would do now; `goal` None: as the settings place bots."""
    under_way = await moves.list_(session)
    moving = {move.bot_id for move in under_way}
    pools = await service.every(session)
    reachable = {pool.id: pool for pool in pools if pool.observed_state in ("ready", "degraded")}
    bots = [
        _bot(view.bot, view.status, moving, reachable, policy)
        for view in await repository.in_pools(session, [pool.id for pool in pools])
    ]
    return rebalance.plan([_pool(pool, under_way) for pool in pools], bots, goal or policy.placement, policy.headroom)


async def apply(session: AsyncSession, by: By, plan_id: str, goal: Goal | None, policy: PoolPolicy) -> Plan:
    """Has every move of the plan made that `preview` showed. Raises Conflict where it is not the plan any more, or a
    roll-out moves bots meanwhile."""
    if await rollouts.active(session) is not None:
        raise Conflict("A roll-out is moving bots; wait until it has ended, or abort it.")
    made = await preview(session, goal, policy)
    if made.plan_id != plan_id:
        raise Conflict(
            "The pools changed since this plan was made; look at the new plan (dry_run), then apply that.",
            field="plan_id",
            plan_id=made.plan_id,
        )
    if not made.moves:
        return made
    for move in made.moves:
        await steering.move(session, By(by.actor, move.why), move.bot_id, move.target_pool_id, policy, "rebalance")
    before = {use.pool_id: use.bots_before for use in made.pools}
    after = {use.pool_id: use.bots_after for use in made.pools}
    audit.record(session, by.actor, "pools.rebalance", audit.FLEET, by.why, before, {**after, "plan_id": plan_id})
    return made


def _pool(pool: PoolModel, under_way: Sequence[MoveModel]) -> PoolLoad:
    report = provision.report_of(pool)
    busy = any(pool.id in (move.source_pool_id, move.target_pool_id) for move in under_way)
    return PoolLoad(
        pool_id=pool.id,
        tenant_id=pool.tenant_id,
        slots_total=pool.slots_total,
        memory_limit_bytes=memory_limit(pool.memory_limit_bytes, report),
        overhead_bytes=_overhead(report),
        accepts=provision.takes_bots(pool) and pool.observed_state == "ready" and not busy,
    )


def _overhead(report: PoolReport | None) -> int:
    if report is None:
        return 0
    parts = (report.init_memory, report.agent_memory, report.zygote.memory)
    return sum(part.pss_bytes for part in parts if part is not None)


def _bot(
    bot: BotModel, status: BotStatusModel, moving: set[str], reachable: Mapping[str, PoolModel], policy: PoolPolicy
) -> BotLoad:
    memory = (status.slot or {}).get("memory") or {}
    running = status.observed_state in (ObservedState.RUNNING, ObservedState.PAUSED)
    pool = reachable.get(bot.pool_id or "")
    homeless = Homeless(bot.id, bot.owner_id, bot.template in policy.shared_templates)
    return BotLoad(
        bot_id=bot.id,
        pool_id=bot.pool_id or "",
        memory_bytes=int(memory.get("pss_bytes", 0)) if running else 0,
        running=running,
        open_trades=len((status.snapshot or {}).get("open_trades", [])),
        movable=(
            pool is not None
            and admits(pool.tenant_id, homeless)
            and bot.id not in moving
            and bot.desired_state != "deleted"
            and status.observed_state in _AT_REST
        ),
    )
