"""The leader's risk task over a database and fake agents, without a reconciler."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from orchestrator.audit.service import By
from orchestrator.bots.models import BotModel, BotStatusModel
from orchestrator.intake.collector import Intake
from orchestrator.kit.clock import utc_now
from orchestrator.policies import service as policies
from orchestrator.policies.subjects import default_of
from orchestrator.portfolio.service import PortfolioService
from orchestrator.risk import halts
from orchestrator.risk.engine import Engine
from orchestrator.risk.halts import Bond, Target
from orchestrator.risk.models import HaltModel
from orchestrator.risk.task import RiskTask
from pool.contract.policy import PolicyDocument
from pool.contract.risk import Mode
from pool.contract.slots import DesiredState, ObservedState, Slot
from pool.contract.snapshots import BotSnapshot
from tests.fakes.fake_agent import FakeAgent
from tests.integration.orchestrator.rig import OWNER, Rig, rig_at

POOL = "pool-a"


def _noon() -> str:
    """A time zone where it is about noon."""
    east = 12 - utc_now().hour
    return f"Etc/GMT{-east:+d}" if east else "UTC"


class RiskRig:
    """Made by `open_rig`."""

    def __init__(self, rig: Rig, agent: FakeAgent) -> None:
        self.rig = rig
        self.agent = agent
        self.tasks: list[asyncio.Task[None]] = []
        self.zone = _noon()

    def task(self, **options: Any) -> RiskTask:
        """A fresh leader's."""
        portfolio = PortfolioService(self.rig.database, self.rig.bus)
        return RiskTask(self.rig.database, self.rig.bus, self.rig.agents, portfolio, **options)

    @contextlib.asynccontextmanager
    async def leading(self, *, intake: bool = False, **options: Any) -> AsyncIterator[RiskTask]:
        task = self.task(**options)
        running = [asyncio.create_task(task.run())]
        if intake:
            listening = Intake(self.rig.database, self.rig.bus, self.rig.agents, task.desk)
            running.append(asyncio.create_task(listening.run()))
        try:
            yield task
        finally:
            for one in running:
                one.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            await task.aclose()

    async def add_bot(self, name: str, *, running: bool = False, **values: Any) -> str:
        """Placed in the pool, with a slot there."""
        bot_id = (await self.rig.create(name)).id
        async with self.rig.database.unit_of_work() as session:
            bot = await session.get_one(BotModel, bot_id)
            bot.pool_id, bot.epoch = POOL, 1
            for column, value in values.items():
                setattr(bot, column, value)
            if running:
                status = await session.get_one(BotStatusModel, bot_id)
                status.slot = slot_of(bot_id).model_dump(mode="json", exclude={"snapshot"})
                status.observed_state = "running"
        self.agent.slots[bot_id] = slot_of(bot_id)
        return bot_id

    async def store(self, bot_id: str, snapshot: BotSnapshot) -> None:
        """As intake would."""
        async with self.rig.database.unit_of_work() as session:
            status = await session.get_one(BotStatusModel, bot_id)
            status.snapshot, status.snapshot_at = snapshot.model_dump(mode="json"), snapshot.as_of
            status.observed_state = "running"

    async def policy(self, **sections: Any) -> None:
        """The owner's default. Where it says nothing else no day ends while a test runs."""
        document = PolicyDocument.model_validate({"time_zone": self.zone, **sections})
        async with self.rig.database.unit_of_work() as session:
            await policies.put(session, default_of(OWNER), document, By(OWNER))

    async def halt(self, target: Target, mode: Mode = Mode.HALTED, *, hint: bool = True, **bond: Any) -> HaltModel:
        async with self.rig.database.unit_of_work() as session:
            row = await halts.halt(session, By(OWNER, "Why not."), target, Bond(mode, **bond))
        if hint:
            await self.rig.bus.publish(halts.TOPIC, "changed", {})
        return row

    async def in_force(self) -> list[HaltModel]:
        async with self.rig.database.read() as session:
            return await halts.in_force(session)

    def mode(self, bot_id: str) -> Mode | None:
        """What its agent was ordered last."""
        order = self.agent.orders.get(bot_id)
        return None if order is None else order.mode


def warm_engine() -> Engine:
    """One that began long ago."""
    began = [time.monotonic() - 100]
    return Engine(lambda: began.pop() if began else time.monotonic())


def slot_of(bot_id: str) -> Slot:
    return Slot(
        bot_id=bot_id, epoch=1, generation=1, observed_generation=1, desired=DesiredState.RUNNING,
        observed_state=ObservedState.RUNNING, trader_state="running", conditions=[], run_id="run-1", pid=1,
        started_at=None, restarts=0, last_exit=None, memory=None, cpu_percent=None, last_report_at=None, snapshot=None,
    )  # fmt: skip


@contextlib.asynccontextmanager
async def open_rig(home: Path, url: str) -> AsyncIterator[RiskRig]:
    async with rig_at(home, database_url=url) as rig:
        agent = FakeAgent(POOL)
        await rig.add_pool(agent)
        yield RiskRig(rig, agent)
