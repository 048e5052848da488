"""What nobody asks for bot by bot: pools are drained, misplaced bots moved, pools that stay empty removed."""

import time
from collections import Counter
from collections.abc import Sequence

from loguru import logger

from orchestrator.audit import service as audit
from orchestrator.audit.service import By
from orchestrator.db.engine import Database
from orchestrator.errors import Error
from orchestrator.kit.clock import utc_now
from orchestrator.pools import moves, provision, rollouts, service
from orchestrator.pools import steering as acts
from orchestrator.pools.assignments import Assigned
from orchestrator.pools.models import LOCAL_POOL, MoveModel, PoolModel
from orchestrator.pools.moves import MoveKey, Reason
from orchestrator.pools.placement import assigned_by_pool
from orchestrator.pools.policy import PoolPolicy
from orchestrator.reconcile.world import World, misplaced

MOVES_AT_ONCE = 2
"""From one pool: each interrupts a bot, and loads both agents."""
GIVE_UP_SECONDS = 300.0
"""A bot that its move keeps stopped goes on in its source after so long in trouble: its trades wait for nobody to look.
A roll-out has a patience of its own for the bot that it waits for."""
_REST_SECONDS = 1800.0
"""Such a bot is left in peace so long before it is moved again unasked."""
_AGAIN_SECONDS = 10.0
_CLAIM_SECONDS = 30.0


class Steering:
    """Asked on each tick; every method answers whether rows were changed."""

    def __init__(self, database: Database, policy: PoolPolicy) -> None:
        self._database = database
        self._policy = policy
        self._stuck: dict[str, float] = {}
        """When moving away from each pool failed last."""
        self._held_up: dict[MoveKey, float] = {}
        """Since when each move is in trouble with its bot stopped."""
        self._given_up: dict[str, float] = {}
        """By bot, when its move was given up last."""
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
        """Gives up moves that do not get on, requests those that are due, and has idle pools removed."""
        moved = await self._give_up(world) or await self._move(world)
        return await self._tend(world) or moved

    async def _give_up(self, world: World) -> bool:
        now = time.monotonic()
        looked_after = await self._looked_after(world)
        theirs = [move for move in world.moves if move.bot_id not in looked_after]
        in_trouble = {MoveKey.of(move): move for move in theirs if _is_held_up(move, world)}
        self._held_up = {key: self._held_up.get(key, now) for key in in_trouble}
        draining = {pool.id for pool in world.pools if pool.draining}
        changed = False
        for key, since in self._held_up.items():
            if now - since < _patience_seconds(in_trouble[key]):
                continue
            problem = in_trouble[key].problem or ""
            async with self._database.unit_of_work() as session:
                if not await moves.give_up(session, key, problem):
                    continue
                if key.source_pool_id in draining:
                    told = f"{key.bot_id} could not be moved and goes on here; it is tried again later. {problem}"
                    await service.set_condition(session, key.source_pool_id, service.DRAIN_STUCK, told)
            logger.warning("the move of {} to {} is given up: {}", key.bot_id, key.target_pool_id, problem)
            self._given_up[key.bot_id] = now
            changed = True
        self._given_up = {bot_id: at for bot_id, at in self._given_up.items() if now - at < _REST_SECONDS}
        return changed

    async def _looked_after(self, world: World) -> set[str]:
        if not any(move.reason == "rollout" for move in world.moves):
            return set()
        async with self._database.read() as session:
            return await rollouts.looked_after(session)

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
            due = [bot for bot in bots if bot.bot_id not in self._given_up]
            if due and room and time.monotonic() - self._stuck.get(pool_id, float("-inf")) >= _AGAIN_SECONDS:
                changed = await self._request(pools[pool_id], due[:room]) or changed
            elif not bots and _is_stuck(pools[pool_id]):
                changed = await self._tell(pool_id, None) or changed
        return changed

    async def _request(self, pool: PoolModel, bots: Sequence[Assigned]) -> bool:
        reason: Reason = "drain" if pool.draining else "move"
        why = "Its pool is drained." if pool.draining else "Its pool may not have it."
        changed = False
        for bot in bots:
            try:
                async with self._database.unit_of_work() as session:
                    move = await acts.move(session, By(audit.SYSTEM, why), bot.bot_id, None, self._policy, reason)
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
            removed = await provision.tend(session, self._policy)
        for pool_id in removed:
            logger.info("pool {} was empty for long and is removed", pool_id)
        return bool(removed)


def _patience_seconds(move: MoveModel) -> float:
    return 0.0 if move.phase == moves.REFUSED else GIVE_UP_SECONDS


def _is_held_up(move: MoveModel, world: World) -> bool:
    """It has stopped its bot, and something is in the way."""
    if move.phase == moves.REFUSED:
        return True
    if move.problem is None or move.phase == moves.CLEANING:
        return False
    sighting = world.sightings.get(move.source_pool_id)
    slot = sighting.slots.get(move.bot_id) if sighting is not None else None
    return slot is not None and slot.epoch == move.epoch + 1


def _is_stuck(pool: PoolModel) -> bool:
    return any(held.get("type") == service.DRAIN_STUCK for held in pool.conditions)
