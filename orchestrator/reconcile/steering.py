"""What nobody asks for bot by bot: pools are drained, misplaced bots moved, pools that stay empty removed."""

import time
from collections import Counter
from collections.abc import Sequence

from loguru import logger

from orchestrator.db.engine import Database
from orchestrator.errors import Error
from orchestrator.kit.clock import utc_now
from orchestrator.pools import moves, provision, service
from orchestrator.pools.assignments import Assigned
from orchestrator.pools.models import LOCAL_POOL, PoolModel
from orchestrator.pools.moves import Reason
from orchestrator.pools.placement import assigned_by_pool
from orchestrator.pools.policy import PoolPolicy
from orchestrator.reconcile.world import World, misplaced

MOVES_AT_ONCE = 2
"""From one pool: each interrupts a bot, and loads both agents."""
_AGAIN_SECONDS = 10.0
_CLAIM_SECONDS = 30.0


class Steering:
    """Asked on each tick; every method answers whether rows were changed."""

    def __init__(self, database: Database, policy: PoolPolicy) -> None:
        self._database = database
        self._policy = policy
        self._stuck: dict[str, float] = {}
        """When moving away from each pool failed last."""
        self._claimed: tuple[frozenset[str], float] | None = None

    async def claim(self, world: World) -> bool:
        """Gives the local pool its tenant as soon as that can be told: before the first bot is placed."""
        local = next((pool for pool in world.pools if pool.id == LOCAL_POOL), None)
        if local is None or local.tenant_id is not None:
            return False
        owners = frozenset(row.bot.owner_id for row in world.rows)
        now = time.monotonic()
        if self._claimed is not None and self._claimed[0] == owners and now - self._claimed[1] < _CLAIM_SECONDS:
            return False
        self._claimed = (owners, now)
        async with self._database.unit_of_work() as session:
            return await service.claim_local_pool(session)

    async def steer(self, world: World) -> bool:
        """Requests the moves that are due, and has idle pools removed."""
        moved = await self._move(world)
        return await self._tend(world) or moved

    async def _move(self, world: World) -> bool:
        pools = {pool.id: pool for pool in world.pools}
        under_way = Counter(move.source_pool_id for move in world.moves)
        moving = {move.bot_id for move in world.moves}
        leaving: dict[str, list[Assigned]] = {pool.id: [] for pool in world.pools if pool.draining}
        for bot in world.assigned:
            if bot.pool_id is None or bot.deleting or bot.bot_id in moving:
                continue
            if bot.pool_id in leaving or misplaced(bot, pools, self._policy):
                leaving.setdefault(bot.pool_id, []).append(bot)
        changed = False
        for pool_id, bots in leaving.items():
            room = max(MOVES_AT_ONCE - under_way[pool_id], 0)
            if bots and room and time.monotonic() - self._stuck.get(pool_id, float("-inf")) >= _AGAIN_SECONDS:
                changed = await self._request(pools[pool_id], bots[:room]) or changed
            elif not bots and _is_stuck(pools[pool_id]):
                changed = await self._tell(pool_id, None) or changed
        return changed

    async def _request(self, pool: PoolModel, bots: Sequence[Assigned]) -> bool:
        reason: Reason = "drain" if pool.draining else "move"
        changed = False
        for bot in bots:
            try:
                async with self._database.unit_of_work() as session:
                    move = await moves.request(session, bot.bot_id, None, reason, self._policy)
            except Error as error:
                logger.warning("bot {} cannot be moved away from {}: {}", bot.bot_id, pool.id, error.message)
                self._stuck[pool.id] = time.monotonic()
                return await self._tell(pool.id, error.message) or changed
            logger.info("bot {} is to move from {} to {}", bot.bot_id, pool.id, move.target_pool_id)
            changed = True
        self._stuck.pop(pool.id, None)
        if _is_stuck(pool):
            await self._tell(pool.id, None)
        return changed

    async def _tell(self, pool_id: str, problem: str | None) -> bool:
        async with self._database.unit_of_work() as session:
            return await service.set_condition(session, pool_id, service.DRAIN_STUCK, problem)

    async def _tend(self, world: World) -> bool:
        ends = [pool_id for move in world.moves for pool_id in (move.source_pool_id, move.target_pool_id)]
        used = assigned_by_pool([row.bot.pool_id for row in world.rows], ends)
        if not provision.idle(world.pools, used, utc_now(), self._policy):
            return False
        async with self._database.unit_of_work() as session:
            for pool_id in await provision.tend(session, self._policy):
                logger.info("pool {} was empty for long and is removed", pool_id)
        return True


def _is_stuck(pool: PoolModel) -> bool:
    return any(held.get("type") == service.DRAIN_STUCK for held in pool.conditions)
