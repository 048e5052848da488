"""Asking every agent again, at an administrator's wish: what they tell is written down, what does not fit is told.

Nothing is stopped or deleted here, a stopped bot least of all. What does not fit is the reconciler's to mend, which is
woken afterwards by whoever calls.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.audit import service as audit
from orchestrator.audit.service import By
from orchestrator.bots import repository
from orchestrator.bots.announce import announce
from orchestrator.bots.observe import observe
from orchestrator.bots.status import SlotSeen
from orchestrator.db.engine import Database
from orchestrator.errors import Error
from orchestrator.events.bus import Bus
from orchestrator.kit.clock import utc_now
from orchestrator.pools import moves, service
from orchestrator.pools.directory import AgentDirectory
from orchestrator.pools.models import PoolModel
from orchestrator.pools.service import PoolSeen
from pool.contract.pools import PoolReport
from pool.contract.slots import Slot

SECONDS = 5.0
"""How long one agent has for one answer."""


@dataclass(frozen=True, slots=True)
class PoolSync:
    """What one pool's agent told."""

    pool_id: str
    problem: str | None
    """Why it told nothing, in a sentence."""
    slots: int
    missing: tuple[str, ...] = ()
    """Bots of the pool that have no slot in it; they get one."""
    foreign: tuple[str, ...] = ()
    """Slots of bots that do not belong to the pool; they go once the bot is known to be elsewhere or deleted."""


@dataclass(frozen=True, slots=True)
class _Answer:
    pool: PoolModel
    report: PoolReport | None
    slots: Sequence[Slot]
    problem: str | None


async def sync(
    database: Database, agents: AgentDirectory, bus: Bus, by: By, pool_ids: Sequence[str] | None = None
) -> list[PoolSync]:
    """By pool; all that shall run, or these. Agents that do not answer are told, and delay nobody for long."""
    async with database.read() as session:
        pools = [
            pool
            for pool in await service.every(session)
            if pool.desired_state == "running" and (pool_ids is None or pool.id in pool_ids)
        ]
    answers = await asyncio.gather(*(_ask(agents, pool) for pool in pools))
    now = utc_now()
    async with database.unit_of_work() as session:
        views = await repository.in_pools(session, [pool.id for pool in pools])
        moving = {move.bot_id for move in await moves.list_(session)}
        home = {view.bot.id: view.bot.pool_id for view in views}
        found = [_compare(answer, home, moving) for answer in answers]
        seen = [
            SlotSeen(slot.bot_id, now, slot)
            for answer in answers
            for slot in answer.slots
            if home.get(slot.bot_id) == answer.pool.id
        ]
        for answer in answers:
            if answer.report is not None:
                await service.observe(session, answer.pool.id, PoolSeen(now, True, answer.report))
        changes = await observe(session, seen)
        told = {one.pool_id: one.problem or f"{one.slots} slots" for one in found}
        audit.record(session, by.actor, "pools.sync", audit.FLEET, by.why, None, told)
    await announce(bus, changes)
    return found


async def _ask(agents: AgentDirectory, pool: PoolModel) -> _Answer:
    try:
        async with asyncio.timeout(2 * SECONDS):
            agent = await agents.agent_for(pool.id)
            report, slots = await asyncio.gather(agent.pool(SECONDS), agent.slots(SECONDS))
    except Error as error:
        return _Answer(pool, None, (), error.message)
    except TimeoutError:
        return _Answer(pool, None, (), "The agent took too long to answer; look at the pool's logs.")
    return _Answer(pool, report, slots, None)


def _compare(answer: _Answer, home: dict[str, str | None], moving: set[str]) -> PoolSync:
    if answer.problem is not None:
        return PoolSync(answer.pool.id, answer.problem, 0)
    listed = {slot.bot_id for slot in answer.slots}
    own = {bot_id for bot_id, pool_id in home.items() if pool_id == answer.pool.id}
    return PoolSync(
        answer.pool.id,
        None,
        len(listed),
        tuple(sorted(own - listed - moving)),
        tuple(sorted(listed - own - moving)),
    )
