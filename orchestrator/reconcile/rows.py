"""Carries out the part of a plan that changes rows, in units of work that look again what is there now."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from loguru import logger
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.bots import repository, service
from orchestrator.bots.announce import announce
from orchestrator.bots.models import BotModel
from orchestrator.bots.observe import Change
from orchestrator.bots.status import ConditionCleared, ConditionSet, Observation, RestartDone
from orchestrator.db.engine import Database
from orchestrator.errors import NoCapacity
from orchestrator.events.bus import Bus
from orchestrator.kit.clock import utc_now
from orchestrator.pools import moves, provision
from orchestrator.pools import repository as pools_repository
from orchestrator.pools import service as pools_service
from orchestrator.pools.assignments import Assigned
from orchestrator.pools.placement import admits
from orchestrator.pools.policy import PoolPolicy
from orchestrator.reconcile.actions import (
    DELETED,
    AskForPool,
    Assign,
    EndMove,
    ForgetRestart,
    MarkDeleted,
    RowAction,
    TellMove,
)
from orchestrator.reconcile.carrier import key_of
from pool.contract.slots import ConditionType


async def change(database: Database, bus: Bus, actions: Sequence[RowAction], policy: PoolPolicy) -> None:
    """All but `AskForPool`."""
    now = utc_now()
    told: list[Observation] = []
    async with database.unit_of_work() as session:
        assignments = {action.bot_id: action for action in actions if isinstance(action, Assign)}
        if assignments:
            bots = await repository.locked(session, assignments)
            moving = {move.bot_id for move in await moves.list_(session)}  # after the locks: a move takes them too
            for bot in bots:
                action = assignments[bot.id]
                if bot.id in moving or not await _still_right(session, bot, action, policy):
                    continue  # changed since the plan looked
                pool = await pools_service.get(session, action.pool_id)
                pools_service.assign(session, bot, pool, action.above)
                told.append(ConditionCleared(bot.id, now, ConditionType.NO_CAPACITY))
        for other in actions:
            match other:
                case ForgetRestart():
                    told.append(RestartDone(other.bot_id, now, other.count))
                case TellMove():
                    await moves.tell_problem(session, key_of(other.bot_id, other.moving), other.problem)
                case EndMove():
                    await moves.end(session, key_of(other.bot_id, other.moving))
        changes = await service.observe(session, told)
        await service.mark_deleted(session, [other.bot_id for other in actions if isinstance(other, MarkDeleted)])
    await announce(bus, changes)


async def provide(
    database: Database, bus: Bus, wanting: Sequence[AskForPool], told: Mapping[str, str], policy: PoolPolicy
) -> bool:
    """Makes a pool for each tenant whose bots fit nowhere; True where one was made. Else the bots are told why not.
    `told` is what each was told before."""
    by_tenant: dict[str | None, list[str]] = defaultdict(list)
    for ask in wanting:
        by_tenant[ask.tenant_id].append(ask.bot_id)
    made = False
    refused: dict[str, str] = {}
    for tenant_id, bot_ids in by_tenant.items():
        async with database.read() as session:
            problem = await provision.why_not(session, tenant_id, policy)
        if problem is None:
            problem = await _make(database, tenant_id, bot_ids, policy)
            made = made or problem is None
        if problem is not None:
            refused |= dict.fromkeys(bot_ids, problem)
    now = utc_now()
    news = [
        ConditionSet(bot_id, now, ConditionType.NO_CAPACITY, problem)
        for bot_id, problem in refused.items()
        if told.get(bot_id) != problem
    ]
    if news:
        async with database.unit_of_work() as session:
            changes: list[Change] = await service.observe(session, news)
        await announce(bus, changes)
    return made


async def _make(database: Database, tenant_id: str | None, bot_ids: Sequence[str], policy: PoolPolicy) -> str | None:
    try:
        async with database.unit_of_work() as session:
            pool = await provision.make(session, tenant_id, policy, f"{len(bot_ids)} bots have no place.")
    except NoCapacity as error:
        return error.message
    logger.info("pool {} is made for {} bots", pool.id, len(bot_ids))
    return None


async def _still_right(session: AsyncSession, bot: BotModel, action: Assign, policy: PoolPolicy) -> bool:
    if bot.deleted_at is not None or (bot.pool_id is not None and action.above == 0):
        return False
    pool = await pools_repository.find(session, action.pool_id, lock=True)
    if pool is None or bot.pool_id == pool.id:
        return pool is not None
    seen = Assigned(bot.id, bot.owner_id, bot.template, bot.pool_id, bot.epoch, bot.desired_state == DELETED)
    return provision.takes_bots(pool) and admits(pool.tenant_id, policy.homeless(seen))
