"""Pools: where bots run, and what that costs. Everybody sees his own and shared ones, administrators all."""

from fastapi import APIRouter
from sqlmodel.ext.asyncio.session import AsyncSession

from api.auth.access import Admin, Reader
from api.auth.subject import Subject
from api.deps import PageDep, PoolId, ServicesDep
from api.errors import problems
from api.pools.bodies import disk_body, move_body, node_body, pool_body, slot_body
from api.pools.schemas import DiskPage, MovePage, NodePage, PoolPage, PoolResponse, SlotPage
from orchestrator.bots import repository as bots
from orchestrator.bots import service as bots_service
from orchestrator.bots.repository import BotFilters
from orchestrator.errors import ErrorCode
from orchestrator.kit.clock import utc_now
from orchestrator.pools import disks, moves, nodes, service
from orchestrator.pools.models import PoolModel
from orchestrator.users import repository as users

router = APIRouter(tags=["pools"])

ADMIN_ERRORS = (ErrorCode.UNAUTHENTICATED, ErrorCode.NOT_ALLOWED)


@router.get("/pools", operation_id="listPools", summary="List pools", responses=problems(ErrorCode.UNAUTHENTICATED))
async def list_pools(caller: Reader, services: ServicesDep, page: PageDep) -> PoolPage:
    """Slots, memory, versions and conditions of your pools and of shared ones; of all for administrators."""
    async with services.reading(caller) as session:
        found = await service.list_(session, limit=page.limit, after=page.after, tenant_id=_tenant(caller))
        return PoolPage(items=await _bodies(session, found.items, caller), next=found.next)


@router.get(
    "/pools/disks",
    operation_id="listDisks",
    summary="What removed pools left",
    responses=problems(*ADMIN_ERRORS, ErrorCode.DISKS_UNKNOWN),
)
async def list_disks(admin: Admin, services: ServicesDep, page: PageDep) -> DiskPage:
    """Volumes and directories, trades included, of pools that are not there any more; for administrators. Each keeps
    its pool's user ids until it is purged: `DELETE /pools/{pool_id}?purge=true`."""
    there = await services.pool_disks()
    async with services.reading(admin) as session:
        found = await disks.left(session, there, limit=page.limit, after=page.after)
    return DiskPage(items=[disk_body(disk) for disk in found.items], next=found.next)


@router.get(
    "/pools/{pool_id}",
    operation_id="getPool",
    summary="One pool",
    responses=problems(ErrorCode.UNAUTHENTICATED, ErrorCode.NOT_FOUND),
)
async def get_pool(pool_id: PoolId, caller: Reader, services: ServicesDep) -> PoolResponse:
    """Slots, memory, zygote, versions, isolation, conditions."""
    async with services.reading(caller) as session:
        (body,) = await _bodies(session, [await service.get(session, pool_id, _tenant(caller))], caller)
    return body


@router.get(
    "/pools/{pool_id}/slots",
    operation_id="listSlots",
    summary="The bots in a pool",
    responses=problems(*ADMIN_ERRORS, ErrorCode.NOT_FOUND),
)
async def list_slots(pool_id: PoolId, admin: Admin, services: ServicesDep, page: PageDep) -> SlotPage:
    """Whose bots belong to the pool, what they do and what they take; for administrators."""
    async with services.reading(admin) as session:
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
    async with services.reading(admin) as session:
        pools = await service.every(session)
        return NodePage(items=[node_body(node, pools) for node in await nodes.every(session)], next=None)


@router.get("/moves", operation_id="listMoves", summary="List moves", responses=problems(*ADMIN_ERRORS))
async def list_moves(admin: Admin, services: ServicesDep) -> MovePage:
    """Bots that are on their way to another pool; for administrators."""
    async with services.reading(admin) as session:
        return MovePage(items=[move_body(move) for move in await moves.list_(session)], next=None)


def _tenant(caller: Subject) -> str | None:
    return None if caller.administrates else caller.user_id


async def _bodies(session: AsyncSession, pools: list[PoolModel], caller: Subject) -> list[PoolResponse]:
    use = await bots.use_of_pools(session, [pool.id for pool in pools])
    return [pool_body(pool, use[pool.id], to_admin=caller.administrates) for pool in pools]
