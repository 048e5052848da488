"""Pools: where bots run, and what that costs. Everybody sees his own and shared ones, administrators all."""

from fastapi import APIRouter
from sqlmodel.ext.asyncio.session import AsyncSession

from api.auth.guard import Admin, Caller, is_admin
from api.auth.subject import Subject
from api.deps import PageDep, PoolId, ServicesDep
from api.errors import problems
from api.pools.bodies import move_body, node_body, pool_body, slot_body
from api.pools.schemas import MovePage, NodePage, PoolPage, PoolResponse, SlotPage
from orchestrator.bots import repository as bots
from orchestrator.bots import service as bots_service
from orchestrator.bots.repository import BotFilters
from orchestrator.errors import ErrorCode
from orchestrator.kit.clock import utc_now
from orchestrator.pools import moves, nodes, service
from orchestrator.pools.models import PoolModel
from orchestrator.users import repository as users

router = APIRouter(tags=["pools"])

ADMIN_ERRORS = (ErrorCode.UNAUTHENTICATED, ErrorCode.NOT_ALLOWED)


@router.get("/pools", operation_id="listPools", summary="List pools", responses=problems(ErrorCode.UNAUTHENTICATED))
async def list_pools(caller: Caller, services: ServicesDep, page: PageDep) -> PoolPage:
    """Slots, memory, versions and conditions of your pools and of shared ones; of all for administrators."""
    async with services.database.read() as session:
        found = await service.list_(session, limit=page.limit, after=page.after, tenant_id=_tenant(caller))
        return PoolPage(items=await _bodies(session, found.items), next=found.next)


@router.get(
    "/pools/{pool_id}",
    operation_id="getPool",
    summary="One pool",
    responses=problems(ErrorCode.UNAUTHENTICATED, ErrorCode.NOT_FOUND),
)
async def get_pool(pool_id: PoolId, caller: Caller, services: ServicesDep) -> PoolResponse:
    """Slots, memory, zygote, versions, isolation, conditions."""
    async with services.database.read() as session:
        (body,) = await _bodies(session, [await service.get(session, pool_id, _tenant(caller))])
    return body


@router.get(
    "/pools/{pool_id}/slots",
    operation_id="listSlots",
    summary="The bots in a pool",
    responses=problems(*ADMIN_ERRORS, ErrorCode.NOT_FOUND),
)
async def list_slots(pool_id: PoolId, admin: Admin, services: ServicesDep, page: PageDep) -> SlotPage:
    """Whose bots belong to the pool, what they do and what they take; for administrators."""
    async with services.database.read() as session:
        await service.get(session, pool_id)
        found = await bots_service.list_(
            session, None, limit=page.limit, after=page.after, filters=BotFilters(pool=pool_id)
        )
        owners = await users.names(session, {view.bot.owner_id for view in found.items})
        under_way = {move.bot_id: move for move in await moves.list_(session)}
    now = utc_now()
    return SlotPage(items=[slot_body(view, owners, under_way, now) for view in found.items], next=found.next)


@router.get("/nodes", operation_id="listNodes", summary="List nodes", responses=problems(*ADMIN_ERRORS))
async def list_nodes(admin: Admin, services: ServicesDep) -> NodePage:
    """The machines that run pools: cores, memory, disk, versions, conditions; for administrators."""
    async with services.database.read() as session:
        pools = await service.every(session)
        return NodePage(items=[node_body(node, pools) for node in await nodes.every(session)], next=None)


@router.get("/moves", operation_id="listMoves", summary="List moves", responses=problems(*ADMIN_ERRORS))
async def list_moves(admin: Admin, services: ServicesDep) -> MovePage:
    """Bots that are on their way to another pool; for administrators."""
    async with services.database.read() as session:
        return MovePage(items=[move_body(move) for move in await moves.list_(session)], next=None)


def _tenant(caller: Subject) -> str | None:
    return None if is_admin(caller) else caller.user_id


async def _bodies(session: AsyncSession, pools: list[PoolModel]) -> list[PoolResponse]:
    views = await bots.in_pools(session, [pool.id for pool in pools], snapshots=False)
    return [pool_body(pool, [view for view in views if view.bot.pool_id == pool.id]) for pool in pools]
