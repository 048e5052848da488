"""Carries roll-outs out: reads what is, asks `pools.rollout` what comes next, does that and notes it, all in one
transaction. Runs on the leader; whoever leads next goes on with what the row says."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from loguru import logger
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.audit import service as audit
from orchestrator.audit.service import By
from orchestrator.bots import repository as bots
from orchestrator.bots.models import BotModel, BotStatusModel
from orchestrator.db import locks
from orchestrator.db.engine import Database
from orchestrator.errors import Error, InvalidSpec
from orchestrator.events.bus import Bus
from orchestrator.kit.clock import utc_now
from orchestrator.pools import moves, rollouts, service, steering
from orchestrator.pools.models import MoveModel, PoolModel, RolloutModel
from orchestrator.pools.policy import PoolPolicy
from orchestrator.pools.rollout import advance, refused
from orchestrator.pools.rollout_facts import (
    AbandonMove,
    Act,
    BotFacts,
    Cordon,
    CreatePool,
    Limits,
    MoveBot,
    MoveFacts,
    PoolFacts,
    Progress,
    RemovePool,
    Step,
    Trades,
    Uncordon,
    World,
)
from pool.contract.slots import ConditionType, ObservedState

_INTERVAL_SECONDS = 1.0
_HOPELESS_SECONDS = 60.0
"""A pool that its driver could not start for this long is not waited for any longer."""
_CANNOT_START = "NotRunning"
_ONLY = "only_bot_id"
"""In an error: no other bot's move would be refused for that."""
_DEAD_ENDS = frozenset(
    {
        ConditionType.BOOT_FAILED,
        ConditionType.QUARANTINED,
        ConditionType.FENCED,
        ConditionType.SECRETS_NEEDED,
        ConditionType.KEY_UNUSABLE,
        ConditionType.TEMPLATE_BROKEN,
        ConditionType.MEMORY_EXCEEDED,
        ConditionType.DISK_EXCEEDED,
    }
)
"""Conditions that a bot does not get out of by itself."""


class RolloutTask:
    """Run `run` as one task on the leader."""

    def __init__(
        self,
        database: Database,
        bus: Bus,
        policy: PoolPolicy,
        limits: Limits | None = None,
        interval_seconds: float = _INTERVAL_SECONDS,
    ) -> None:
        self._database = database
        self._bus = bus
        self._policy = policy
        self._limits = limits or Limits()
        self._interval_seconds = interval_seconds

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                while await self.tick():
                    pass
            except (Error, SQLAlchemyError, OSError) as error:
                logger.error("the roll-out does not get on, it will try again: {}", error)
            await asyncio.sleep(self._interval_seconds)

    async def tick(self) -> bool:
        """One step of the roll-out that is under way; False where there is none, or it waits for something."""
        async with self._database.read() as session:  # mostly there is none, and nobody waits for his turn to write
            if not await rollouts.is_active(session):
                return False
        try:
            async with self._database.unit_of_work() as session:
                moved = await self._step(session, None)
        except Error as error:
            logger.warning("a roll-out does something else: {}", error.message)
            async with self._database.unit_of_work() as session:
                moved = await self._step(session, error)
        if moved:
            await self._bus.publish("hints", "reconcile", {})
        return moved

    async def _step(self, session: AsyncSession, refusal: Error | None) -> bool:
        rollout = await rollouts.active(session)
        if rollout is None:
            return False
        before, world = rollouts.progress_of(rollout), await read_world(session)
        if refusal is None:
            step = advance(before, world, self._limits)
        else:
            step = refused(before, world, refusal.message, refusal.params.get(_ONLY))
        if not step.acts and step.progress == before:
            return False
        await self._perform(session, rollout, step)
        await rollouts.save(session, rollout, step.progress)
        return bool(step.acts) or _is_elsewhere(before, step.progress)

    async def _perform(self, session: AsyncSession, rollout: RolloutModel, step: Step) -> None:
        by = By(audit.SYSTEM, f"Roll-out {rollout.id}")
        await locks.hold(await session.connection(), locks.PLACEMENT)
        for act in step.acts:
            await self._act(session, by, act, step.progress)

    async def _act(self, session: AsyncSession, by: By, act: Act, progress: Progress) -> None:
        match act:
            case CreatePool(leg=number):
                leg = progress.legs[number]
                source = await service.get(session, leg.source_pool_id)
                policy = replace(self._policy, driver=source.driver, image=None, memory_limit_bytes=None)
                made = await steering.create(
                    session,
                    by,
                    source.tenant_id,
                    policy,
                    slots_total=source.slots_total,
                    memory_limit_bytes=source.memory_limit_bytes,
                    image=leg.target_image,
                )
                leg.target_pool_id = made.id
            case Cordon():
                await steering.cordon(session, by, act.pool_id)
            case Uncordon():
                await steering.uncordon(session, by, act.pool_id)
            case RemovePool():
                await steering.remove(session, by, act.pool_id)
            case MoveBot():
                try:
                    await steering.move(session, by, act.bot_id, act.target_pool_id, self._policy, "rollout")
                except InvalidSpec as error:
                    raise InvalidSpec(error.message, **{_ONLY: act.bot_id}) from error
            case AbandonMove():
                await steering.abandon(session, by, act.bot_id)


async def read_world(session: AsyncSession) -> World:
    """Everything that a roll-out looks at."""
    now = utc_now()
    pools = await service.every(session)
    views = await bots.in_pools(session, [pool.id for pool in pools])
    under_way = {move.bot_id: move for move in await moves.list_(session)}
    return World(
        now=now,
        pools={pool.id: _pool(pool, now) for pool in pools},
        bots={view.bot.id: _bot(view.bot, view.status) for view in views},
        moves={bot_id: _move(move) for bot_id, move in under_way.items()},
    )


def _pool(pool: PoolModel, now: datetime) -> PoolFacts:
    failing = [held for held in pool.conditions if held.get("type") == _CANNOT_START]
    lasting = any((now - datetime.fromisoformat(held["since"])).total_seconds() > _HOPELESS_SECONDS for held in failing)
    return PoolFacts(
        alive=pool.desired_state == "running",
        ready=pool.observed_state == "ready",
        problem=" ".join(str(held["message"]) for held in pool.conditions) or None,
        hopeless=lasting,
    )


def _bot(bot: BotModel, status: BotStatusModel) -> BotFacts:
    current = status.slot is not None and status.slot.get("epoch") == bot.epoch
    gone_wrong = [held for held in status.conditions if held.get("type") in _DEAD_ENDS]
    problem = " ".join(str(held["message"]) for held in gone_wrong) or None
    if problem is None and status.observed_state in (ObservedState.FAILED, ObservedState.QUARANTINED):
        problem = f"It is {status.observed_state}; look at its log."
    return BotFacts(
        pool_id=bot.pool_id,
        desired=bot.desired_state,
        observed=status.observed_state if current else str(ObservedState.UNKNOWN),
        problem=problem if current else None,
        trades=_trades(status.snapshot),
        reported_at=_reported_at(status),
        generation=bot.generation,
    )


def _reported_at(status: BotStatusModel) -> datetime | None:
    """When the bot told it, not when it was written: what the old pool's told last may be written after the move."""
    told = (status.snapshot or {}).get("as_of")
    if status.snapshot_at is None or not isinstance(told, str):
        return status.snapshot_at
    return min(status.snapshot_at, datetime.fromisoformat(told))


def _trades(snapshot: Mapping[str, object] | None) -> Trades | None:
    if snapshot is None:
        return None
    trades, closed = snapshot.get("open_trades"), snapshot.get("closed_trades")
    if not isinstance(trades, Sequence) or not isinstance(closed, int):
        return None
    return Trades(open_ids=[one["trade_id"] for one in trades if not one["has_open_orders"]], closed=closed)


def _move(move: MoveModel) -> MoveFacts:
    final, refused_by_source = move.phase == moves.CLEANING, move.phase == moves.REFUSED
    return MoveFacts(move.source_pool_id, move.target_pool_id, final, move.problem, refused_by_source)


def _is_elsewhere(before: Progress, after: Progress) -> bool:
    """Whether the next step may come at once."""
    return before.state != after.state or _stages(before) != _stages(after)


def _stages(progress: Progress) -> list[tuple[object, ...]]:
    return [(leg.phase, leg.target_pool_id, leg.trial is None, len(leg.left)) for leg in progress.legs]
