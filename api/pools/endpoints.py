"""Pools: where bots run, and what that costs."""

from fastapi import APIRouter

from api.auth.guard import Caller
from api.deps import PageDep, PoolId, ServicesDep
from api.errors import problems
from api.pools.schemas import PoolConditionResponse, PoolPage, PoolResponse
from orchestrator.errors import ErrorCode
from orchestrator.pools import service
from orchestrator.pools.models import PoolModel
from pool.contract.pools import PoolReport

router = APIRouter(prefix="/pools", tags=["pools"])


@router.get("", operation_id="listPools", summary="List pools", responses=problems(ErrorCode.UNAUTHENTICATED))
async def list_pools(caller: Caller, services: ServicesDep, page: PageDep) -> PoolPage:
    """Every pool with slots, memory and the state of its zygote."""
    async with services.database.read() as session:
        found = await service.list_(session, limit=page.limit, after=page.after)
    return PoolPage(items=[_body(pool) for pool in found.items], next=found.next)


@router.get(
    "/{pool_id}",
    operation_id="getPool",
    summary="One pool",
    responses=problems(ErrorCode.UNAUTHENTICATED, ErrorCode.NOT_FOUND),
)
async def get_pool(pool_id: PoolId, caller: Caller, services: ServicesDep) -> PoolResponse:
    """Slots, memory, zygote, conditions."""
    async with services.database.read() as session:
        return _body(await service.get(session, pool_id))


def _body(pool: PoolModel) -> PoolResponse:
    report = None if pool.report is None else PoolReport.model_validate(pool.report)
    return PoolResponse(
        id=pool.id,
        node=pool.node,
        driver=pool.driver,
        desired_state=pool.desired_state,
        observed_state=pool.observed_state,
        slots_total=pool.slots_total,
        slots_used=report.slots_used if report else 0,
        memory_limit_bytes=pool.memory_limit_bytes,
        pss_bytes=_pss(report) if report else None,
        report=report,
        conditions=[PoolConditionResponse.model_validate(condition) for condition in pool.conditions],
        created_at=pool.created_at,
        last_seen_at=pool.last_seen_at,
    )


def _pss(report: PoolReport) -> int | None:
    parts = (report.init_memory, report.zygote.memory, report.agent_memory, report.bots_memory)
    known = [part.pss_bytes for part in parts if part is not None]
    return sum(known) if known else None
