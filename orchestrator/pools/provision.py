"""Making pools when bots need them, and removing those that are empty for long.

The decisions are pure (`offers`, `why_no_new_pool`, `idle`); what writes takes the session first and never commits.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.audit import service as audit
from orchestrator.db import locks
from orchestrator.errors import NoCapacity
from orchestrator.kit.clock import utc_now
from orchestrator.kit.ids import new_id
from orchestrator.pools import assignments, nodes, repository
from orchestrator.pools.assignments import Assigned
from orchestrator.pools.models import LOCAL_NODE, LOCAL_POOL, REMOVED, MoveModel, NodeModel, PoolModel
from orchestrator.pools.placement import (
    MEMORY_OF_A_POOL_BYTES,
    Capacity,
    Homeless,
    assigned_by_pool,
    capacity,
    memory_beside_bots,
    place,
)
from orchestrator.pools.policy import PoolPolicy
from orchestrator.users import repository as users
from orchestrator.users.quotas import in_force
from pool.contract.pools import PoolReport

LEAST_POOL_BYTES = 512 * 2**20
"""What a pool without a memory limit needs: zygote, agent and a few bots."""
_MB = 2**20


@dataclass(frozen=True, slots=True)
class Emptied:
    """The pool is empty since then; None: it is not any more."""

    pool_id: str
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Remove:
    pool_id: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What its agent told of a pool last."""

    report: PoolReport
    answering: bool
    bot_ids: Collection[str]
    """Bots that have a slot there, whoever they belong to."""


# ---- pure


def takes_bots(pool: PoolModel) -> bool:
    """New bots may be placed in it."""
    return pool.desired_state == "running" and not pool.cordoned and not pool.draining


def offers(
    pools: Sequence[PoolModel],
    bots: Sequence[Assigned],
    moves: Sequence[MoveModel],
    policy: PoolPolicy,
    seen: Mapping[str, Seen] | None = None,
) -> list[Capacity]:
    """What each pool that takes bots has left. A bot takes a place in the pool that it belongs to until it is deleted
    there, at both ends of its move, and wherever it has a slot. `seen` is the newest by pool; without it the rows tell,
    where slots are only a number."""
    found: list[Capacity] = []
    holders = _holders(bots, moves)
    for pool in pools:
        if not takes_bots(pool):
            continue
        look = (seen or {}).get(pool.id)
        report = report_of(pool) if look is None else look.report
        taken = len(holders[pool.id].union(look.bot_ids if look is not None else ()))
        if look is None and report is not None:
            taken = max(taken, report.slots_used)
        found.append(
            capacity(
                pool.id,
                pool.slots_total,
                taken,
                pool.memory_limit_bytes,
                report,
                headroom=policy.headroom,
                tenant_id=pool.tenant_id,
                answering=pool.observed_state in {"ready", "degraded"} if look is None else look.answering,
            )
        )
    return found


def _holders(bots: Sequence[Assigned], moves: Sequence[MoveModel]) -> Mapping[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for bot in bots:
        if bot.pool_id is not None:
            found[bot.pool_id].add(bot.bot_id)
    for move in moves:
        found[move.source_pool_id].add(move.bot_id)
        found[move.target_pool_id].add(move.bot_id)
    return found


def report_of(pool: PoolModel) -> PoolReport | None:
    """The last report in its row; None where there is none that can be read."""
    try:
        return None if pool.report is None else PoolReport.model_validate(pool.report)
    except ValidationError:
        return None


def why_no_new_pool(
    tenant_id: str | None,
    pools: Sequence[PoolModel],
    machines: Sequence[NodeModel],
    memory_quota_bytes: int | None,
    policy: PoolPolicy,
) -> str | None:
    """Why this tenant cannot have one more pool, in a sentence that says what to do; None where it can."""
    living = [pool for pool in pools if pool.desired_state != REMOVED]
    own = [pool for pool in living if pool.tenant_id == tenant_id]
    if len(own) >= policy.maximum:
        kind = "shared pools" if tenant_id is None else "pools of one user"
        return (
            f"No pool has room for this bot, and there may be no more than {policy.maximum} {kind}: delete others, or "
            "raise FLOTILLA_ORCH_POOLS_MAXIMUM or FLOTILLA_ORCH_POOL_SLOTS."
        )
    limit = policy.memory_limit_bytes
    if memory_quota_bytes is not None and tenant_id is not None:
        promised = sum(pool.memory_limit_bytes or 0 for pool in own)
        if promised + (limit or 0) > memory_quota_bytes:
            return (
                f"The user's pools may use {memory_quota_bytes // _MB} MB in all and have {promised // _MB} MB; "
                f"another one takes {(limit or 0) // _MB} MB: delete others, or have an administrator raise the quota."
            )
    for machine in machines:
        if machine.driver == policy.driver:
            problem = _why_not_on(machine, [pool for pool in living if pool.driver == machine.driver], limit)
            if problem is not None:
                return problem
    return None


def idle(
    pools: Sequence[PoolModel], used: Mapping[str, int], now: datetime, policy: PoolPolicy
) -> list[Emptied | Remove]:
    """Which pools became empty or are not any more, and which were empty for so long that they go. `used` counts bots
    and moves by pool. Left alone are the local pool, which is there from the start, and pools that an administrator
    cordoned without draining them."""
    found: list[Emptied | Remove] = []
    kept: dict[str | None, int] = {}
    for pool in pools:
        if takes_bots(pool):
            kept[pool.tenant_id] = kept.get(pool.tenant_id, 0) + 1
    for pool in sorted(pools, key=lambda pool: (pool.empty_since is None, pool.empty_since or now, pool.id)):
        if pool.desired_state != "running":
            continue
        if used.get(pool.id, 0):
            if pool.empty_since is not None:
                found.append(Emptied(pool.id, None))
            continue
        if pool.empty_since is None:
            found.append(Emptied(pool.id, now))
            continue
        if pool.id == LOCAL_POOL or (pool.cordoned and not pool.draining):
            continue
        spare = pool.draining or kept[pool.tenant_id] > policy.minimum
        if spare and (now - pool.empty_since).total_seconds() > policy.idle_seconds:
            found.append(Remove(pool.id))
            if not pool.draining:
                kept[pool.tenant_id] -= 1
    return found


# ---- writing


async def make(session: AsyncSession, tenant_id: str | None, policy: PoolPolicy, why: str) -> PoolModel:
    """A new pool as the settings have it. Those who make pools wait for each other, so that they exceed nothing
    together. Raises NoCapacity, saying what to do."""
    await locks.hold(await session.connection(), locks.PLACEMENT)
    problem = await why_not(session, tenant_id, policy)
    if problem is not None:
        raise NoCapacity(problem, tenant_id=tenant_id)
    pool = new_pool(new_id("pool"), tenant_id, policy.driver, policy.slots, policy.memory_limit_bytes, policy.image)
    session.add(pool)
    audit.record(session, audit.SYSTEM, "pool.create", audit.pool(pool.id), why, after={"tenant_id": tenant_id})
    await session.flush()
    return pool


async def why_not(session: AsyncSession, tenant_id: str | None, policy: PoolPolicy) -> str | None:
    """See `why_no_new_pool`."""
    user = await users.find_by_id(session, tenant_id) if tenant_id is not None else None
    quota = in_force(user, policy.quota).max_memory_bytes if user is not None else None
    return why_no_new_pool(tenant_id, await repository.every(session), await nodes.every(session), quota, policy)


@dataclass(frozen=True, slots=True)
class Prospect:
    """Where a bot would be placed now."""

    pool_id: str | None
    """None: in a new pool, or nowhere."""
    why_nowhere: str | None
    """Why it would wait, in a sentence that says what to do."""
    new_pool_bytes: int | None
    """What a new pool takes beside its bots, where it would be in one."""
    measured_on: int
    """How many pools that was measured on; 0: it is what pools are reckoned with."""


async def prospect(session: AsyncSession, bot: Homeless, policy: PoolPolicy) -> Prospect:
    """As the leader places it, after those that wait already; by what agents told last."""
    bots = await assignments.every(session)
    moves, pools = await repository.moves(session), await repository.every(session)
    waiting = [policy.homeless(other) for other in bots if other.pool_id is None and not other.deleting]
    placement = place([*waiting, bot], offers(pools, bots, moves, policy), policy.placement)
    pool_id = placement.placed.get(bot.bot_id)
    problem = None
    if pool_id is None:
        problem = await why_not(session, None if bot.shareable else bot.owner_id, policy)
    if pool_id is not None or problem is not None:
        return Prospect(pool_id, problem, None, 0)
    reports = [report for pool in pools if pool.desired_state != REMOVED and (report := report_of(pool)) is not None]
    measured = [own for report in reports if (own := memory_beside_bots(report))]
    taken = sum(measured) // len(measured) if measured else MEMORY_OF_A_POOL_BYTES
    return Prospect(None, None, taken, len(measured))


async def why_not_drained(session: AsyncSession, pool: PoolModel, policy: PoolPolicy) -> str | None:
    """Why the pool's bots could go nowhere, in a sentence that says what to do; None where there is a way, be it
    through new pools."""
    bots = await assignments.every(session)
    moves = await repository.moves(session)
    leaving = [bot for bot in bots if bot.pool_id == pool.id and not bot.deleting]
    on_their_way = {move.bot_id for move in moves if move.source_pool_id == pool.id}
    homeless = [policy.homeless(bot) for bot in leaving if bot.bot_id not in on_their_way]
    pools = [other for other in await repository.every(session) if other.id != pool.id]
    placement = place(homeless, offers(pools, bots, moves, policy), policy.placement)
    for tenant_id, stuck in placement.wanting.items():
        problem = await why_not(session, tenant_id, policy)
        if problem is not None:
            return f"{len(stuck)} bots of this pool fit into no other one. {problem}"
    return None


async def tend(session: AsyncSession, policy: PoolPolicy) -> list[str]:
    """Notes which pools are empty, and has those removed that were so for long; answers their ids. What a roll-out
    made or empties is its own matter until it has ended."""
    await locks.hold(await session.connection(), locks.PLACEMENT)
    pools = await repository.every(session)
    moves = await repository.moves(session)
    bots = await assignments.every(session)
    used = assigned_by_pool(
        [bot.pool_id for bot in bots],
        [pool_id for move in moves for pool_id in (move.source_pool_id, move.target_pool_id)],
    )
    used.update(await repository.pools_in_rollouts(session))
    removed: list[str] = []
    for step in idle(pools, used, utc_now(), policy):
        pool = await repository.find(session, step.pool_id, lock=True)
        if pool is None or pool.desired_state != "running":
            continue
        if isinstance(step, Emptied):
            pool.empty_since = step.since
        elif not await assignments.of_pool(session, pool.id) and not await repository.moves_of_pool(session, pool.id):
            pool.desired_state, pool.cordoned = REMOVED, True
            audit.record(session, audit.SYSTEM, "pool.delete", audit.pool(pool.id), "It was empty for long.")
            removed.append(pool.id)
        session.add(pool)
    await session.flush()
    return removed


def new_pool(
    pool_id: str,
    tenant_id: str | None,
    driver: str,
    slots_total: int,
    memory_limit_bytes: int | None,
    image: str | None,
) -> PoolModel:
    """A row that is in no session yet."""
    return PoolModel(
        id=pool_id,
        node=LOCAL_NODE,
        driver=driver,
        tenant_id=tenant_id,
        image=image,
        slots_total=slots_total,
        memory_limit_bytes=memory_limit_bytes,
        desired_state="running",
        observed_state="stopped",
        conditions=[],
        created_at=utc_now(),
    )


def _why_not_on(machine: NodeModel, pools: Sequence[PoolModel], limit: int | None) -> str | None:
    try:
        report = nodes.NodeReport.model_validate(machine.report)
    except ValidationError:
        return None
    available = report.memory_available_bytes
    if available is not None and available < LEAST_POOL_BYTES:
        return (
            f"{machine.name} has {available // _MB} MB of memory left, a new pool needs {LEAST_POOL_BYTES // _MB} MB: "
            "stop or delete bots, or give it more memory."
        )
    promised = sum(pool.memory_limit_bytes or 0 for pool in pools)
    if limit is not None and promised + limit > report.memory_bytes:
        return (
            f"The pools of {machine.name} may use {promised // _MB} of its {report.memory_bytes // _MB} MB already: "
            "remove a pool, lower FLOTILLA_ORCH_POOL_MEMORY_LIMIT_BYTES, or give it more memory."
        )
    return None
