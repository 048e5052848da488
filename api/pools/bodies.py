"""Rows as the API tells them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

from api.pools.schemas import (
    DiskResponse,
    LegResponse,
    MoveResponse,
    NodeResponse,
    PlannedMove,
    PlannedUse,
    PlanResponse,
    PoolConditionResponse,
    PoolResponse,
    RolloutResponse,
    SlotResponse,
)
from orchestrator.bots.repository import BotView, PoolUse
from orchestrator.pools import provision, service
from orchestrator.pools.disks import LeftDisk
from orchestrator.pools.models import MoveModel, NodeModel, PoolModel, RolloutModel
from orchestrator.pools.placement import memory_limit
from orchestrator.pools.rebalance import Plan
from orchestrator.pools.rollouts import legs_of
from pool.contract.pools import PoolReport
from pool.contract.slots import Slot


def disk_body(left: LeftDisk) -> DiskResponse:
    return DiskResponse(
        pool_id=left.disk.pool_id,
        driver=left.driver,
        tenant_id=left.tenant_id,
        image_id=left.disk.image_id,
        in_use=left.disk.in_use,
        removed_at=left.removed_at,
    )


def pool_body(pool: PoolModel, use: PoolUse, *, to_admin: bool) -> PoolResponse:
    """`use`: of all bots of the pool that the reader may see. What those of other tenants take in a shared pool is told
    to administrators alone."""
    report = provision.report_of(pool)
    told = to_admin or pool.tenant_id is not None
    return PoolResponse(
        id=pool.id,
        tenant_id=pool.tenant_id,
        node=pool.node,
        driver=pool.driver,
        image=pool.image,
        image_id=pool.image_id,
        desired_state=pool.desired_state,
        observed_state=pool.observed_state,
        cordoned=pool.cordoned,
        draining=pool.draining,
        slots_total=pool.slots_total,
        slots_used=(report.slots_used if report else 0) if told else use.slots,
        memory_limit_bytes=memory_limit(pool.memory_limit_bytes, report),
        pss_bytes=_pss(report) if report and told else None,
        cpu_percent=None if use.cpu_percent is None else round(use.cpu_percent, 2),
        restarts=report.zygote.restarts if report else None,
        bot_restarts=use.restarts,
        protocol=report.protocol if report else None,
        image_version=report.image_version if report else None,
        freqtrade=report.zygote.freqtrade if report else None,
        report=report if told else None,
        conditions=[
            PoolConditionResponse.model_validate(condition)
            for condition in (pool.conditions if to_admin else service.public_conditions(pool))
        ],
        created_at=pool.created_at,
        last_seen_at=pool.last_seen_at,
    )


def slot_body(view: BotView, owners: Mapping[str, str], moves: Mapping[str, MoveModel], now: datetime) -> SlotResponse:
    bot, slot = view.bot, _slot(view)
    live = slot if slot is not None and slot.pid is not None else None
    move = moves.get(bot.id)
    return SlotResponse(
        bot_id=bot.id,
        bot=bot.name,
        owner_id=bot.owner_id,
        owner=owners.get(bot.owner_id, bot.owner_id),
        desired_state=bot.desired_state,
        observed_state=view.status.observed_state,
        epoch=bot.epoch,
        pss_bytes=live.memory.pss_bytes if live and live.memory else None,
        cpu_percent=float(live.cpu_percent) if live and live.cpu_percent is not None else None,
        restarts=slot.restarts if slot else 0,
        uptime_seconds=max((now - live.started_at).total_seconds(), 0.0) if live and live.started_at else None,
        open_trades=len((view.status.snapshot or {}).get("open_trades", [])),
        moving_to=move.target_pool_id if move else None,
    )


def node_body(node: NodeModel, pools: Sequence[PoolModel]) -> NodeResponse:
    held = [pool for pool in pools if pool.node == node.name and pool.driver == node.driver]
    return NodeResponse(
        name=node.name,
        driver=node.driver,
        report=node.report,
        pools=len(held),
        promised_bytes=sum(pool.memory_limit_bytes or 0 for pool in held),
        conditions=[PoolConditionResponse.model_validate(condition) for condition in node.conditions],
        last_seen_at=node.last_seen_at,
    )


def move_body(move: MoveModel) -> MoveResponse:
    return MoveResponse.model_validate(move, from_attributes=True)


def plan_body(plan: Plan, *, applied: bool) -> PlanResponse:
    return PlanResponse(
        plan_id=plan.plan_id,
        goal=plan.goal,
        applied=applied,
        moves=[PlannedMove(**asdict(move)) for move in plan.moves],
        pools=[PlannedUse(**asdict(use)) for use in plan.pools],
    )


def rollout_body(rollout: RolloutModel) -> RolloutResponse:
    return RolloutResponse(
        id=rollout.id,
        image=rollout.image,
        state=rollout.state,
        problem=rollout.problem,
        wish=rollout.wish,
        legs=[
            LegResponse(
                source_pool_id=leg.source_pool_id,
                target_pool_id=leg.target_pool_id,
                phase=leg.phase,
                moved=leg.moved,
                left=leg.left,
                bot_id=leg.trial.bot_id if leg.trial else None,
            )
            for leg in legs_of(rollout)
        ],
        actor=rollout.actor,
        reason=rollout.why,
        created_at=rollout.created_at,
        updated_at=rollout.updated_at,
        ended_at=rollout.ended_at,
    )


def _slot(view: BotView) -> Slot | None:
    slot = view.status.slot
    return None if slot is None else Slot.model_validate({**slot, "snapshot": None})


def _pss(report: PoolReport) -> int | None:
    parts = (report.init_memory, report.zygote.memory, report.agent_memory, report.bots_memory)
    known = [part.pss_bytes for part in parts if part is not None]
    return sum(known) if known else None
