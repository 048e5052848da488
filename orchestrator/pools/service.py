"""Pools: which there are and shall be, what is seen of them, which bots belong to them. Session first; nothing here
commits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.audit import service as audit
from orchestrator.errors import Conflict, NotFound
from orchestrator.kit.clock import utc_now
from orchestrator.kit.ids import new_id
from orchestrator.kit.pages import Page
from orchestrator.pools import assignments, provision, repository
from orchestrator.pools.models import LOCAL_POOL as LOCAL_POOL
from orchestrator.pools.models import REMOVED, PoolCursorModel, PoolModel
from orchestrator.pools.policy import PoolPolicy
from orchestrator.users import repository as users
from pool.contract.pools import PoolReport

DRAIN_STUCK = "DrainStuck"
"""Its bots cannot be moved elsewhere for now."""
_STUCK = "Its bots cannot be moved elsewhere for now; administrators see why."
CONTROL_CONDITIONS = frozenset({DRAIN_STUCK})
"""Conditions of pools that outlive an observation."""


class Assignable(Protocol):
    """The columns of a bot that `assign` writes."""

    pool_id: str | None
    epoch: int


@dataclass(frozen=True, slots=True)
class PoolSeen:
    """What was seen of a pool: the agent's report, or why there is none."""

    at: datetime
    alive: bool
    """Its driver sees it run."""
    report: PoolReport | None
    problem: str | None = None
    """Why it cannot be started, reached or looked at, in a sentence."""
    problem_type: str | None = None
    """The condition's type where it is not plainly `Unreachable` or `NotRunning`."""
    known: bool = True
    """False where the driver could not look: a pool without a report is then not taken for one that is starting."""
    image_id: str | None = None
    """What its container is made of; None where that was not told."""


async def list_(
    session: AsyncSession, *, limit: int, after: str | None = None, tenant_id: str | None = None
) -> Page[PoolModel]:
    """Pools by id: those that the tenant may see, his own and shared ones, or all (None). Raises InvalidSpec (field
    `after`) for a foreign cursor."""
    return await repository.page(session, limit, after, tenant_id)


async def every(session: AsyncSession) -> Sequence[PoolModel]:
    """All pools by id; there are few."""
    return await repository.every(session)


def public_conditions(pool: PoolModel) -> list[dict[str, Any]]:
    """Its conditions as everybody may read them: why bots cannot be moved is a matter of their owners, whose quotas and
    bots it names, and of administrators."""
    return [{**held, "message": _STUCK} if held.get("type") == DRAIN_STUCK else held for held in pool.conditions]


async def get(session: AsyncSession, pool_id: str, tenant_id: str | None = None) -> PoolModel:
    """Raises NotFound, also for a pool that the tenant may not see (None: for nobody's)."""
    pool = await repository.find(session, pool_id)
    if pool is None or (tenant_id is not None and pool.tenant_id not in (None, tenant_id)):
        raise NotFound("There is no such pool; list the pools to see which there are.", pool_id=pool_id[:80])
    return pool


async def ensure_local_pool(session: AsyncSession, slots_total: int, memory_limit_bytes: int | None) -> None:
    """The first pool of an embedded control plane, made before there is any user and sized as the settings say. Whose
    it is comes out later, see `claim_local_pool`. One that was removed, by a roll-out say, is not made again: bots get
    pools as they need them."""
    pool = await repository.find(session, LOCAL_POOL, lock=True)
    if pool is None and await audit.knows(session, audit.pool(LOCAL_POOL)):
        return
    if pool is not None and pool.desired_state == REMOVED:
        return
    if pool is None:
        pool = provision.new_pool(LOCAL_POOL, None, "process", slots_total, memory_limit_bytes, None)
    pool.slots_total, pool.memory_limit_bytes = slots_total, memory_limit_bytes
    pool.desired_state = "running"
    session.add(pool)
    await session.flush()


async def claim_local_pool(session: AsyncSession) -> bool:
    """Gives the local pool its tenant, and answers whether it did: the one user who ever had a bot in it, or the first
    administrator where nobody had. Where several had (a home from before pools had tenants) it stays nobody's: it keeps
    its bots, but takes new ones only as a shared pool does."""
    pool = await repository.find(session, LOCAL_POOL, lock=True)
    if pool is None or pool.tenant_id is not None:
        return False
    owners = await assignments.owners_ever(session, LOCAL_POOL)
    if len(owners) > 1:
        return False
    pool.tenant_id = next(iter(owners), None) or await repository.first_admin(session)
    if pool.tenant_id is None:
        return False
    why = "All bots that it had are this user's." if owners else "No user had a bot in it."
    after = {"tenant_id": pool.tenant_id}
    audit.record(session, audit.SYSTEM, "pool.claim", audit.pool(LOCAL_POOL), why, {"tenant_id": None}, after)
    session.add(pool)
    await session.flush()
    return True


async def create(
    session: AsyncSession,
    tenant_id: str | None,
    *,
    driver: str,
    slots_total: int,
    memory_limit_bytes: int | None,
    image: str | None = None,
) -> PoolModel:
    """A new pool of this user, or one shared by tenants (None); it is started by the keeper. Raises NotFound for an
    unknown user. Quotas and the machine's memory are `provision`'s matter: what an admin asks for is made."""
    if tenant_id is not None and await users.find_by_id(session, tenant_id) is None:
        raise NotFound("There is no such user.", field="tenant_id", user_id=tenant_id[:80])
    pool = provision.new_pool(new_id("pool"), tenant_id, driver, slots_total, memory_limit_bytes, image)
    session.add(pool)
    await session.flush()
    return pool


async def cordon(session: AsyncSession, pool_id: str) -> PoolModel:
    """No new bot is placed in it. Raises NotFound."""
    pool = await _locked(session, pool_id)
    pool.cordoned = True
    session.add(pool)
    await session.flush()
    return pool


async def uncordon(session: AsyncSession, pool_id: str) -> PoolModel:
    """Takes bots again; ends a drain too, but moves that began go on. Raises NotFound, Conflict while it is being
    removed."""
    pool = await _locked(session, pool_id)
    if pool.desired_state == REMOVED:
        raise Conflict("The pool is being removed; create another one.", pool_id=pool_id)
    pool.cordoned = pool.draining = False
    _set_condition(pool, DRAIN_STUCK, None)
    session.add(pool)
    await session.flush()
    return pool


async def drain(session: AsyncSession, pool_id: str, policy: PoolPolicy) -> PoolModel:
    """Its bots, stopped ones included, are moved elsewhere from now on. Raises NotFound, Conflict where they could go
    nowhere: no other pool has room and no new one may be made."""
    pool = await _locked(session, pool_id)
    problem = await provision.why_not_drained(session, pool, policy)
    if problem is not None:
        raise Conflict(problem, pool_id=pool_id)
    pool.cordoned = pool.draining = True
    session.add(pool)
    await session.flush()
    return pool


async def remove(session: AsyncSession, pool_id: str) -> PoolModel:
    """Stops the pool in good order and removes it; what it keeps on disk stays until it is purged. Raises NotFound,
    Conflict where bots belong to it or are on their way."""
    pool = await _locked(session, pool_id)
    if await assignments.of_pool(session, pool_id):
        raise Conflict("Bots belong to this pool: drain it first, or move them.", pool_id=pool_id)
    if await repository.moves_of_pool(session, pool_id):
        raise Conflict("A bot is being moved to or from this pool; wait until that has ended.", pool_id=pool_id)
    pool.desired_state, pool.cordoned = REMOVED, True
    session.add(pool)
    await session.flush()
    return pool


async def forget(session: AsyncSession, pool_id: str) -> None:
    """Drops the row of a pool whose removal was carried out by its driver."""
    pool = await repository.find(session, pool_id, lock=True)
    if pool is None or pool.desired_state != REMOVED:
        return
    await assignments.forget_deleted(session, pool_id)
    await session.delete(pool)
    await session.flush()


async def set_condition(session: AsyncSession, pool_id: str, kind: str, message: str | None) -> bool:
    """A condition that the control plane found (`CONTROL_CONDITIONS`); None ends it. Answers whether that changed
    anything."""
    pool = await repository.find(session, pool_id, lock=True)
    if pool is None or not _set_condition(pool, kind, message):
        return False
    session.add(pool)
    await session.flush()
    return True


def assign(session: AsyncSession, bot: Assignable, pool: PoolModel, above: int = 0) -> None:
    """A new assignment under the next fencing epoch, at least one above `above`; the only writer of a bot's `pool_id`
    and `epoch`."""
    bot.pool_id = pool.id
    bot.epoch = max(bot.epoch, above) + 1
    session.add(bot)


async def observe(session: AsyncSession, pool_id: str, seen: PoolSeen) -> bool:
    """Writes what was seen of a pool; True where its observed state changed. The only writer of those columns."""
    pool = await repository.find(session, pool_id, lock=True)
    if pool is None:
        return False
    before = pool.observed_state
    pool.observed_state = _observed_state(pool, seen)
    pool.conditions = _conditions(pool, seen)
    if seen.report is not None:
        pool.report = seen.report.model_dump(mode="json")
        pool.last_seen_at = seen.at
    pool.image_id = seen.image_id or pool.image_id
    session.add(pool)
    await session.flush()
    return pool.observed_state != before


async def cursor(session: AsyncSession, pool_id: str) -> str | None:
    """How far the pool's events were stored."""
    row = await repository.cursor(session, pool_id)
    return None if row is None else row.cursor


async def set_cursor(session: AsyncSession, pool_id: str, cursor: str) -> None:
    """Commit it together with the events that it covers."""
    row = await repository.cursor(session, pool_id) or PoolCursorModel(pool_id=pool_id, cursor=cursor)
    row.cursor = cursor
    session.add(row)
    await session.flush()


def _observed_state(pool: PoolModel, seen: PoolSeen) -> str:
    if not seen.known and seen.report is None:
        return pool.observed_state if pool.observed_state in {"starting", "stopped"} else "unreachable"
    if not seen.alive:
        return "starting" if pool.desired_state == "running" else "stopped"
    if seen.report is None:
        return "starting" if pool.observed_state in {"starting", "stopped"} else "unreachable"
    if seen.report.zygote.state == "ready":
        return "ready"
    first = seen.report.zygote.restarts == 0 and pool.observed_state in {"starting", "stopped"}
    return "starting" if first or seen.report.zygote.state == "warming" else "degraded"


def _conditions(pool: PoolModel, seen: PoolSeen) -> list[dict[str, str]]:
    told: list[tuple[str, str]] = []
    if seen.problem is not None:
        told.append((seen.problem_type or ("Unreachable" if seen.alive else "NotRunning"), seen.problem))
    isolation = seen.report.isolation if seen.report is not None else None
    missing = [f"{part.name}: {part.detail}" for part in isolation.parts if not part.in_force] if isolation else []
    if missing:
        told.append(("IsolationReduced", "Bots are kept apart less than they could be. " + "; ".join(missing)))
    kept = [held for held in pool.conditions if held.get("type") in CONTROL_CONDITIONS]
    if seen.report is None and seen.alive:
        kept += [held for held in pool.conditions if held.get("type") == "IsolationReduced"]
    return [*kept, *(_condition(pool, kind, message, seen.at) for kind, message in told)]


def _condition(pool: PoolModel, kind: str, message: str, at: datetime) -> dict[str, str]:
    same = (held for held in pool.conditions if (held.get("type"), held.get("message")) == (kind, message))
    held = next(same, None)
    return {"type": kind, "message": message, "since": held["since"] if held else at.isoformat()}


def _set_condition(pool: PoolModel, kind: str, message: str | None) -> bool:
    others = [held for held in pool.conditions if held.get("type") != kind]
    fresh = others if message is None else [*others, _condition(pool, kind, message, utc_now())]
    changed = fresh != pool.conditions
    pool.conditions = fresh
    return changed


async def _locked(session: AsyncSession, pool_id: str) -> PoolModel:
    pool = await repository.find(session, pool_id, lock=True)
    if pool is None:
        raise NotFound("There is no such pool; list the pools to see which there are.", pool_id=pool_id[:80])
    return pool
