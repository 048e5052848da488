"""Carries roll-outs of versions out: reads what is, asks `strategies.rollout` what comes next, does that and notes it,
all in one transaction. Runs on the leader; whoever leads next goes on with what the rows say."""

import asyncio
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from loguru import logger
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.audit import service as audit
from orchestrator.audit.service import By
from orchestrator.bots import versions
from orchestrator.bots.models import BotModel, BotStatusModel
from orchestrator.bots.versions import Pinned
from orchestrator.db.engine import Database
from orchestrator.errors import Error
from orchestrator.events.bus import Bus
from orchestrator.kit.clock import utc_now
from orchestrator.strategies import rollouts
from orchestrator.strategies.models import StrategyRolloutModel
from orchestrator.strategies.rollout import FIT, BotFacts, Limits, Pin, Step, advance, may_pin
from pool.contract.slots import ConditionType, ObservedState

_INTERVAL_SECONDS = 1.0
_TROUBLE = frozenset(
    {
        ConditionType.BOOT_FAILED,
        ConditionType.CRASH_LOOPING,
        ConditionType.QUARANTINED,
        ConditionType.HUNG,
        ConditionType.TEMPLATE_BROKEN,
        ConditionType.MEMORY_EXCEEDED,
        ConditionType.DISK_EXCEEDED,
        ConditionType.TRADER_STOPPED,
    }
)
"""Conditions that a strategy may be to blame for."""


class VersionTask:
    """Run `run` as one task on the leader."""

    def __init__(
        self,
        database: Database,
        bus: Bus,
        limits: Limits | None = None,
        interval_seconds: float = _INTERVAL_SECONDS,
    ) -> None:
        self._database = database
        self._bus = bus
        self._limits = limits or Limits()
        self._interval_seconds = interval_seconds

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                while await self.tick():
                    pass
            except (Error, SQLAlchemyError, OSError) as error:
                logger.error("roll-outs of strategies do not get on, they will be tried again: {}", error)
            await asyncio.sleep(self._interval_seconds)

    async def tick(self) -> bool:
        """One step of each roll-out that is under way; False where all of them wait for something."""
        async with self._database.read() as session:
            under_way = await rollouts.active(session)
        moved = False
        for rollout_id in under_way:
            async with self._database.unit_of_work() as session:
                moved = await self._step(session, rollout_id) or moved
        if moved:
            await self._bus.publish("hints", "reconcile", {})
        return moved

    async def _step(self, session: AsyncSession, rollout_id: str) -> bool:
        rollout = await rollouts.get(session, rollout_id, lock=True)
        before = rollouts.progress_of(rollout)
        bots = await read_bots(session, [leg.bot_id for leg in before.legs])
        version = await rollouts.version_facts(session, rollout) if may_pin(before) else FIT
        step = advance(before, bots, utc_now(), self._limits, version)
        if not step.acts and step.progress == before:
            return False
        await self._perform(session, rollout, step)
        await rollouts.save(session, rollout, step.progress)
        return bool(step.acts) or step.progress.state != before.state

    async def _perform(self, session: AsyncSession, rollout: StrategyRolloutModel, step: Step) -> None:
        by = By(audit.SYSTEM, f"Roll-out {rollout.id}")
        for act in step.acts:
            pinned = await versions.pin(
                session,
                act.bot_id,
                act.version_id,
                rollout.id,
                by,
                back=act.back,
                why=act.why,
                timeframe=act.timeframe,
            )
            _note(step, act, pinned)


def _note(step: Step, act: Pin, pinned: Pinned | None) -> None:
    """The generation that names the version is the one that was written, whoever changed the bot since it was read, and
    what it traded on is what it goes back to."""
    for leg in step.progress.legs:
        if pinned is not None and leg.bot_id == act.bot_id and not act.back:
            leg.generation, leg.from_timeframe = pinned.bot.generation, pinned.former_timeframe


async def read_bots(session: AsyncSession, bot_ids: Collection[str]) -> Mapping[str, BotFacts]:
    """Of these bots, those that are not about to be deleted."""
    query = (
        select(BotModel, BotStatusModel)
        .join(BotStatusModel, col(BotStatusModel.bot_id) == col(BotModel.id))
        .where(
            col(BotModel.id).in_(list(bot_ids)),
            col(BotModel.deleted_at).is_(None),
            col(BotModel.desired_state) != "deleted",
        )
    )
    return {bot.id: _facts(bot, status) for bot, status in (await session.exec(query)).all()}


def _facts(bot: BotModel, status: BotStatusModel) -> BotFacts:
    troubles = [held for held in status.conditions if held.get("type") in _TROUBLE]
    problem = " ".join(str(held["message"]) for held in troubles) or None
    if problem is None and status.observed_state in (ObservedState.FAILED, ObservedState.QUARANTINED):
        problem = f"It is {status.observed_state}; look at its log."
    trades = (status.snapshot or {}).get("open_trades")
    return BotFacts(
        version_id=bot.strategy_version_id,
        desired=bot.desired_state,
        observed=status.observed_state,
        generation=bot.generation,
        observed_generation=status.observed_generation,
        problem=problem,
        reported_at=_reported_at(status.snapshot, status.snapshot_at),
        open_trades=len(trades) if isinstance(trades, list) else 0,
    )


def _reported_at(snapshot: Mapping[str, Any] | None, arrived_at: datetime | None) -> datetime | None:
    """When the bot told it, not when it arrived, whichever was earlier."""
    told = (snapshot or {}).get("as_of")
    if arrived_at is None or not isinstance(told, str):
        return arrived_at
    return min(arrived_at, datetime.fromisoformat(told))
