"""Carries a bot's directory from one pool's agent to another's, and assigns the bot to where it has arrived.

May be repeated, and done by two control planes at once: the source is fenced before anything is read, the target keeps
only what arrived whole, and the one transaction that assigns looks whether the move is still the same.
"""

from loguru import logger

from orchestrator.bots import repository
from orchestrator.db.engine import Database
from orchestrator.errors import AgentUnreachable, InvalidSpec
from orchestrator.pools import moves
from orchestrator.pools.directory import AgentDirectory
from orchestrator.pools.moves import MoveKey
from orchestrator.reconcile.actions import Moving


class Carrier:
    def __init__(self, database: Database, agents: AgentDirectory) -> None:
        self._database = database
        self._agents = agents

    async def carry(self, bot_id: str, moving: Moving) -> None:
        """Raises Error where an agent is in the way; the move then stays as it is."""
        key = key_of(bot_id, moving)
        async with self._database.unit_of_work() as session:
            if not await moves.enter(session, key, moves.COPYING):
                return
        try:
            await self._copy(key)
        except InvalidSpec as error:
            if error.params.get("pool_id") != key.source_pool_id:
                raise  # what arrived is not what was sent, say: it is sent again
            logger.warning("bot {} cannot be moved: {}", bot_id, error.message)
            async with self._database.unit_of_work() as session:
                await moves.refuse(session, key, error.message)
            return
        async with self._database.unit_of_work() as session:
            if not await moves.enter(session, key, moves.ASSIGNING):
                return
        async with self._database.unit_of_work() as session:
            arrived = False
            for bot in await repository.locked(session, [bot_id]):
                arrived = await moves.arrive(session, key, bot)
        if arrived:
            logger.info("bot {} moved from {} to {}", bot_id, key.source_pool_id, key.target_pool_id)

    async def _copy(self, key: MoveKey) -> None:
        source = await self._agents.agent_for(key.source_pool_id)
        target = await self._agents.agent_for(key.target_pool_id)
        async with source.directory(key.bot_id, key.source_epoch) as parcel:
            kept = await target.put_directory(key.bot_id, key.target_epoch, parcel)
        if kept.digest != parcel.digest:
            raise AgentUnreachable(
                f"{key.target_pool_id} keeps something else than {key.source_pool_id} sent; it is copied again.",
                pool_id=key.target_pool_id,
            )


def key_of(bot_id: str, moving: Moving) -> MoveKey:
    """The move's row."""
    return MoveKey(bot_id, moving.source_pool_id, moving.target_pool_id, moving.epoch, moving.started_at)
