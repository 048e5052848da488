"""Bearer tokens of agents are replaced from time to time, under running pools.

The agent makes the new one itself (`pool.agent.tokens`) and takes the one before for some minutes more; whoever talks
to it finds the new one where the old one was (a driver's `endpoint`). So nothing is kept here, no token travels, and a
control plane may die at any point of it: at worst a token is replaced once more than was needed.
"""

from datetime import datetime, timedelta

from loguru import logger
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.audit import service as audit
from orchestrator.audit.service import BY_SYSTEM, By
from orchestrator.db.engine import Database
from orchestrator.errors import AgentOutdated, Error
from orchestrator.pools import service
from orchestrator.pools.directory import AgentDirectory

_ANSWERING = frozenset({"ready", "degraded"})


async def note(session: AsyncSession, by: By, pool_id: str) -> None:
    """Audits that a token is about to be replaced: before it is, so that none is without a row. Raises NotFound."""
    await service.get(session, pool_id)
    audit.record(session, by.actor, "pool.rotate_token", audit.pool(pool_id), by.why)


async def renew_due(database: Database, agents: AgentDirectory, every: timedelta, now: datetime) -> int:
    """Replaces the tokens that are older than that; how many. An agent that does not answer has its turn next time,
    one that is too old for it keeps its token."""
    async with database.read() as session:
        pool_ids = [pool.id for pool in await service.every(session) if pool.observed_state in _ANSWERING]
    renewed = 0
    for pool_id in pool_ids:
        try:
            agent = await agents.agent_for(pool_id)
            made_at = (await agent.pool()).token_made_at
            if made_at is None or now - made_at < every:
                continue
            async with database.unit_of_work() as session:
                await note(session, BY_SYSTEM, pool_id)
            await agent.renew_token()
            renewed += 1
        except AgentOutdated:
            continue
        except Error as error:
            logger.warning("the token of pool {} is not replaced now: {}", pool_id, error.message)
    return renewed
