"""What administrators do to pools. Everything is audited with its reason; who repeats an act changes nothing."""

import time
from typing import Annotated

from fastapi import APIRouter, Query

from api.auth.access import Admin
from api.auth.subject import Subject
from api.deps import BotId, PoolId, Services, ServicesDep, Text
from api.errors import EdgeCode, problems
from api.pools.bodies import plan_body, pool_body
from api.pools.endpoints import ADMIN_ERRORS
from api.pools.schemas import (
    Act,
    CheckResponse,
    HealthResponse,
    OrderResponse,
    PlanResponse,
    PoolCreate,
    PoolResponse,
    PoolSyncResponse,
    RebalanceRequest,
    RemovalResponse,
    SyncResponse,
    TokenRotationResponse,
)
from api.routing import ExactRoute
from orchestrator.audit.service import By
from orchestrator.bots import balance
from orchestrator.bots import repository as bots
from orchestrator.bots.sync import sync
from orchestrator.errors import Error, ErrorCode, InvalidSpec, NotFound
from orchestrator.pools import rotation, service, steering
from orchestrator.pools.disks import Disks
from orchestrator.pools.models import PoolModel, PoolOrderModel
from orchestrator.pools.placement import memory_in_use, memory_limit
from pool.contract.pools import PoolReport

router = APIRouter(tags=["pools"], route_class=ExactRoute)

BODY_ERRORS = (EdgeCode.MALFORMED_BODY, EdgeCode.BODY_TOO_LARGE)
_ACT_ERRORS = (*ADMIN_ERRORS, *BODY_ERRORS, ErrorCode.NOT_FOUND, ErrorCode.CONFLICT)
_RESPONSES = problems(*_ACT_ERRORS)


def by(admin: Subject, act: Act | None) -> By:
    """Who acts, and why."""
    return By(admin.user_id, act.reason if act else "")


@router.post(
    "/pools",
    operation_id="createPool",
    summary="Create a pool",
    status_code=201,
    responses=problems(*ADMIN_ERRORS, *BODY_ERRORS),
)
async def create_pool(body: PoolCreate, admin: Admin, services: ServicesDep) -> PoolResponse:
    """Makes a pool for a user, or one shared by users; it starts at once. Bots get pools by themselves, so this is for
    having one ready."""
    if body.image is not None:
        await services.check_image(body.image)
    async with services.writing(admin) as session:
        pool = await steering.create(
            session,
            by(admin, body),
            body.tenant_id,
            services.pool_policy,
            slots_total=body.slots_total,
            memory_limit_bytes=body.memory_limit_bytes,
            image=body.image,
        )
        answer = pool_body(pool, bots.PoolUse(), to_admin=True)
    await hint(services)
    return answer


@router.post("/pools/{pool_id}/cordon", operation_id="cordonPool", summary="Cordon a pool", responses=_RESPONSES)
async def cordon_pool(pool_id: PoolId, admin: Admin, services: ServicesDep, body: Act | None = None) -> PoolResponse:
    """No new bot is placed in it; those that are there go on."""
    async with services.writing(admin) as session:
        await steering.cordon(session, by(admin, body), pool_id)
    return await _answer(services, admin, pool_id)


@router.post("/pools/{pool_id}/uncordon", operation_id="uncordonPool", summary="Uncordon a pool", responses=_RESPONSES)
async def uncordon_pool(pool_id: PoolId, admin: Admin, services: ServicesDep, body: Act | None = None) -> PoolResponse:
    """It takes bots again; ends a drain too."""
    async with services.writing(admin) as session:
        await steering.uncordon(session, by(admin, body), pool_id)
    return await _answer(services, admin, pool_id)


@router.post(
    "/pools/{pool_id}/drain",
    operation_id="drainPool",
    summary="Drain a pool",
    status_code=202,
    responses=_RESPONSES,
)
async def drain_pool(pool_id: PoolId, admin: Admin, services: ServicesDep, body: Act | None = None) -> PoolResponse:
    """Moves its bots to other pools, one after another. Refused where they could go nowhere."""
    async with services.writing(admin) as session:
        await steering.drain(session, by(admin, body), pool_id, services.pool_policy)
    return await _answer(services, admin, pool_id)


@router.post(
    "/pools/{pool_id}/restart",
    operation_id="restartPool",
    summary="Restart a pool",
    status_code=202,
    responses=_RESPONSES,
)
async def restart_pool(pool_id: PoolId, admin: Admin, services: ServicesDep, body: Act | None = None) -> OrderResponse:
    """Stops its bots in good order and starts them again in fresh processes; open trades are kept."""
    async with services.writing(admin) as session:
        answer = _order(await steering.restart(session, by(admin, body), pool_id))
    await hint(services)
    return answer


@router.delete(
    "/pools/{pool_id}",
    operation_id="deletePool",
    summary="Delete a pool",
    status_code=202,
    responses=problems(*_ACT_ERRORS, ErrorCode.DISKS_UNKNOWN),
)
async def delete_pool(
    pool_id: PoolId,
    admin: Admin,
    services: ServicesDep,
    purge: Annotated[
        bool, Query(description="Also delete its disk, trades included; nothing brings them back.", examples=[False])
    ] = False,
    confirm: Annotated[
        str | None,
        Query(max_length=64, pattern=Text, description="For a purge: the pool's id once more.", examples=["pool-a"]),
    ] = None,
    reason: Annotated[
        str, Query(max_length=500, pattern=Text, description="Kept in the audit.", examples=["Not needed."])
    ] = "",
) -> RemovalResponse:
    """Removes an empty pool. What it keeps on disk stays, until it is purged: then or later (`/pools/disks`)."""
    if purge and confirm != pool_id:
        raise InvalidSpec(
            "A purge deletes the trades of every bot that was ever in the pool; write its id into confirm.",
            field="confirm",
        )
    who = By(admin.user_id, reason)
    disks = await _disks_left(services, admin, pool_id) if purge else {}
    async with services.writing(admin) as session:
        if purge:
            await steering.purge(session, who, pool_id, services.pool_policy, disks)
        else:
            await steering.remove(session, who, pool_id)
    await hint(services)
    return RemovalResponse(pool_id=pool_id, purge=purge)


@router.post(
    "/pools/{pool_id}/health-check",
    operation_id="checkPool",
    summary="Check a pool's health",
    responses=problems(*_ACT_ERRORS),
)
async def check_pool(pool_id: PoolId, admin: Admin, services: ServicesDep) -> HealthResponse:
    """Asks its agent now, instead of telling what was seen last."""
    async with services.reading(admin) as session:
        pool = await service.get(session, pool_id)
    checks = await _checks(services, pool)
    return HealthResponse(pool_id=pool_id, healthy=all(check.ok for check in checks), checks=checks)


@router.post(
    "/pools/{pool_id}/rotate-token",
    operation_id="rotatePoolToken",
    summary="Replace a pool's token",
    responses=problems(*_ACT_ERRORS, ErrorCode.AGENT_UNREACHABLE, ErrorCode.AGENT_OUTDATED),
)
async def rotate_token(
    pool_id: PoolId, admin: Admin, services: ServicesDep, body: Act | None = None
) -> TokenRotationResponse:
    """Has its agent make a new bearer token at once; the one before is taken for ten minutes more, so that nobody is
    locked out. Bots go on. Tokens are replaced by themselves every month, unless settings say otherwise."""
    async with services.writing(admin) as session:
        await rotation.note(session, by(admin, body), pool_id)
    made = await (await services.agents.agent_for(pool_id)).renew_token()
    return TokenRotationResponse(pool_id=pool_id, made_at=made.made_at)


@router.post(
    "/pools/rebalance",
    operation_id="rebalancePools",
    summary="Even pools out",
    responses=problems(*ADMIN_ERRORS, *BODY_ERRORS, ErrorCode.CONFLICT, ErrorCode.NO_CAPACITY),
)
async def rebalance_pools(body: RebalanceRequest, admin: Admin, services: ServicesDep) -> PlanResponse:
    """First `dry_run` tells the plan; then `plan_id` applies just that plan, or is refused where it is another one by
    now. Bots never move between users' pools, nor into a pool that would not hold them."""
    policy = services.pool_policy
    if body.dry_run:
        async with services.reading(admin) as session:
            return plan_body(await balance.preview(session, body.goal, policy), applied=False)
    if body.plan_id is None:
        raise InvalidSpec("Name the plan that shall be applied; ask for it with dry_run.", field="plan_id")
    async with services.writing(admin) as session:
        plan = await balance.apply(session, by(admin, body), body.plan_id, body.goal, policy)
    await hint(services)
    return plan_body(plan, applied=True)


@router.post(
    "/pools/sync",
    operation_id="syncPools",
    summary="Ask every pool again",
    responses=problems(*ADMIN_ERRORS, *BODY_ERRORS),
)
async def sync_pools(admin: Admin, services: ServicesDep, body: Act | None = None) -> SyncResponse:
    """Lists the slots of every agent anew, writes down what they tell, and has mended what does not fit. Deletes no
    bot, a stopped one least of all."""
    found = await sync(services.database, services.agents, services.bus, by(admin, body))
    await hint(services)
    return SyncResponse(pools=[PoolSyncResponse.model_validate(one, from_attributes=True) for one in found])


async def hint(services: Services, bot_id: BotId | None = None) -> None:
    """Wakes the reconciler; it would look by itself within a second."""
    await services.bus.publish("hints", "reconcile", {} if bot_id is None else {"bot_id": bot_id})


async def _answer(services: Services, admin: Subject, pool_id: str) -> PoolResponse:
    await hint(services)
    async with services.reading(admin) as session:
        use = await bots.use_of_pools(session, [pool_id])
        return pool_body(await service.get(session, pool_id), use[pool_id], to_admin=True)


async def _disks_left(services: Services, admin: Subject, pool_id: str) -> Disks:
    """What is needed for a pool that is gone; one that is there is known without."""
    async with services.reading(admin) as session:
        try:
            await service.get(session, pool_id)
        except NotFound:
            pass
        else:
            return {}
    return await services.pool_disks()


def _order(order: PoolOrderModel) -> OrderResponse:
    return OrderResponse.model_validate(order, from_attributes=True)


async def _checks(services: Services, pool: PoolModel) -> list[CheckResponse]:
    began = time.monotonic()
    try:
        agent = await services.agents.agent_for(pool.id)
        report, slots = await agent.pool(), await agent.slots(snapshots=False)
    except Error as error:
        return [CheckResponse(name="agent", ok=False, detail=error.message)]
    took = (time.monotonic() - began) * 1000
    waiting = [slot.bot_id for slot in slots if slot.observed_state in ("failed", "quarantined")]
    return [
        CheckResponse(name="agent", ok=True, detail=f"It answered within {took:.0f} ms."),
        CheckResponse(
            name="zygote",
            ok=report.zygote.state == "ready",
            detail=f"It is {report.zygote.state} and was restarted {report.zygote.restarts} times.",
        ),
        _memory(pool, report),
        CheckResponse(
            name="bots",
            ok=not waiting,
            detail=f"{len(waiting)} of {len(slots)} failed or are in quarantine: {', '.join(waiting[:10])}."
            if waiting
            else f"None of {len(slots)} failed.",
        ),
    ]


def _memory(pool: PoolModel, report: PoolReport) -> CheckResponse:
    used, limit = memory_in_use(report), memory_limit(pool.memory_limit_bytes, report)
    if limit is None:
        return CheckResponse(name="memory", ok=True, detail=f"It uses {used // 2**20} MB and has no limit.")
    return CheckResponse(
        name="memory", ok=used < limit, detail=f"It uses {used // 2**20} of the {limit // 2**20} MB that it may."
    )
