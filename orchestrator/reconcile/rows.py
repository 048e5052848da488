"""Carries out the part of a plan that changes rows, in units of work that look again what is there now."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from loguru import logger
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.audit import service as audit
from orchestrator.bots import repository, service
from orchestrator.bots.announce import announce
from orchestrator.bots.models import BotModel
from orchestrator.bots.observe import Change
from orchestrator.bots.status import ConditionCleared, ConditionSet, Observation, RestartDone
from orchestrator.db import locks
from orchestrator.db.engine import Database
from orchestrator.errors import NoCapacity
from orchestrator.events.bus import Bus
from orchestrator.kit.clock import utc_now
from orchestrator.pools import assignments, moves, provision
from orchestrator.pools import repository as pools_repository
from orchestrator.pools import service as pools_service
from orchestrator.pools.assignments import Assigned
from orchestrator.pools.models import REMOVED, MoveModel
from orchestrator.pools.placement import admits
from orchestrator.pools.policy import PoolPolicy
from orchestrator.pools.provision import Seen
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

_ADOPTED = "Its pool has it under a later assignment than the database knew, which was restored from a backup."


async def change(
    database: Database, bus: Bus, actions: Sequence[RowAction], policy: PoolPolicy, seen: Mapping[str, Seen]
) -> None:
    """All but `AskForPool`. `seen` is what the plan went by."""
    now = utc_now()
    told: list[Observation] = []
    async with database.unit_of_work() as session:
        wanted = {action.bot_id: action for action in actions if isinstance(action, Assign)}
        if wanted:
            await locks.hold(await session.connection(), locks.PLACEMENT)
            bots = await repository.locked(session, wanted)
            left = await _places(session, policy, seen)
            under_way = {move.bot_id: move for move in await moves.list_(session)}  # after the locks: moves take them
            for bot in bots:
                action = wanted[bot.id]
                comes = bot.pool_id != action.pool_id
                if _is_moved(under_way.get(bot.id), action) or not await _still_right(session, bot, action, policy):
                    continue  # changed since the plan looked
                if comes and not action.adopts and left[action.pool_id] < 1:
                    continue  # somebody else was given the place meanwhile
                left[action.pool_id] -= comes
                pool = await pools_service.get(session, action.pool_id)
                before = {"pool_id": bot.pool_id, "epoch": bot.epoch}
                pools_service.assign(session, bot, pool, action.above)
                if action.adopts:
                    after = {"pool_id": pool.id, "epoch": bot.epoch}
                    audit.record(session, audit.SYSTEM, "bot.adopted", audit.bot(bot.id), _ADOPTED, before, after)
                    logger.warning("bot {} is found in {}, not in {}", bot.id, pool.id, before["pool_id"])
                told.append(ConditionCleared(bot.id, now, ConditionType.NO_CAPACITY))
        for other in actions:
            match other:
                case ForgetRestart():
                    told.append(RestartDone(other.bot_id, now, other.count))
                case TellMove():
                    await moves.tell_problem(session, key_of(other.bot_id, other.moving), other.problem)
                case EndMove():
                    await moves.end(session, key_of(other.bot_id, other.moving), other.why)
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


def _is_moved(move: MoveModel | None, action: Assign) -> bool:
    """Its assignment is the move's to change. One that has arrived may get a higher epoch where it is."""
    return move is not None and (move.phase, move.target_pool_id) != (moves.CLEANING, action.pool_id)


async def _places(session: AsyncSession, policy: PoolPolicy, seen: Mapping[str, Seen]) -> Counter[str]:
    """By pool, what is left now."""
    rows = await pools_repository.every(session), await assignments.every(session), await moves.list_(session)
    return Counter({offer.pool_id: offer.places for offer in provision.offers(*rows, policy, seen)})


async def _still_right(session: AsyncSession, bot: BotModel, action: Assign, policy: PoolPolicy) -> bool:
    if bot.deleted_at is not None or (bot.pool_id is not None and action.above == 0):
        return False
    if action.leaves is not None and bot.pool_id != action.leaves:
        return False
    if action.leaves is None and bot.pool_id not in (None, action.pool_id):
        return False
    pool = await pools_repository.find(session, action.pool_id, lock=True)
    if pool is None or bot.pool_id == pool.id:
        return pool is not None
    if action.adopts:
        return bot.epoch < action.above and pool.desired_state != REMOVED
    seen = Assigned(bot.id, bot.owner_id, bot.template, bot.pool_id, bot.epoch, bot.desired_state == DELETED)
    return provision.takes_bots(pool) and admits(pool.tenant_id, policy.homeless(seen))
