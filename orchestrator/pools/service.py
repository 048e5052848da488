"""Pools: which there are, what is seen of them, which bots belong to them. Session first; nothing here commits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.errors import NotFound
from orchestrator.kit.clock import utc_now
from orchestrator.kit.pages import Page
from orchestrator.pools import repository
from orchestrator.pools.models import PoolCursorModel, PoolModel
from pool.contract.pools import PoolReport

LOCAL_NODE = "local"
LOCAL_POOL = "pool-local"


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
    """Why it cannot be started or reached, in a sentence."""


async def list_(session: AsyncSession, *, limit: int, after: str | None = None) -> Page[PoolModel]:
    """Pools by id. Raises InvalidSpec (field `after`) for a foreign cursor."""
    return await repository.page(session, limit, after)


async def every(session: AsyncSession) -> Sequence[PoolModel]:
    """All pools by id; there are few."""
    return await repository.every(session)


async def get(session: AsyncSession, pool_id: str) -> PoolModel:
    """Raises NotFound."""
    pool = await repository.find(session, pool_id)
    if pool is None:
        raise NotFound("There is no such pool; list the pools to see which there are.", pool_id=pool_id[:80])
    return pool


async def ensure_local_pool(session: AsyncSession, slots_total: int, memory_limit_bytes: int | None) -> PoolModel:
    """The one pool of an embedded control plane, made at the first start and sized as the settings say."""
    pool = await repository.find(session, LOCAL_POOL, lock=True)
    if pool is None:
        pool = PoolModel(
            id=LOCAL_POOL,
            node=LOCAL_NODE,
            driver="process",
            slots_total=slots_total,
            memory_limit_bytes=memory_limit_bytes,
            desired_state="running",
            observed_state="stopped",
            conditions=[],
            created_at=utc_now(),
        )
    pool.slots_total, pool.memory_limit_bytes, pool.desired_state = slots_total, memory_limit_bytes, "running"
    session.add(pool)
    await session.flush()
    return pool


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
    if not seen.alive:
        return "stopped" if pool.desired_state == "stopped" else "starting"
    if seen.report is None:
        return "starting" if pool.observed_state in {"starting", "stopped"} else "unreachable"
    if seen.report.zygote.state == "ready":
        return "ready"
    first = seen.report.zygote.restarts == 0 and pool.observed_state in {"starting", "stopped"}
    return "starting" if first or seen.report.zygote.state == "warming" else "degraded"


def _conditions(pool: PoolModel, seen: PoolSeen) -> list[dict[str, str]]:
    if seen.problem is None:
        return []
    kept = next((held for held in pool.conditions if held.get("message") == seen.problem), None)
    since = kept["since"] if kept else seen.at.isoformat()
    return [{"type": "Unreachable" if seen.alive else "NotRunning", "message": seen.problem, "since": since}]
