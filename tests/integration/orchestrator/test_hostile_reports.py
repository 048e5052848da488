"""What no database takes, told by an agent that lets it through: it costs its own bot's report, and nobody else's."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import col, select

from orchestrator.bots.models import BotEventModel, BotModel
from orchestrator.pools import service as pools_service
from orchestrator.portfolio.models import BotSnapshotModel
from pool.contract.events import EventType, SlotItem
from pool.contract.slots import ConditionType
from tests.fakes.fake_agent import FakeAgent, snapshot
from tests.integration.orchestrator.rig import Rig
from tests.support import eventually

TOO_LATE = datetime.fromisoformat("9999-12-31T23:59:59-12:00")


async def runs(rig: Rig, name: str) -> str:
    bot_id = (await rig.create(name)).id

    async def running() -> bool:
        return await rig.state(bot_id) == "running"

    await eventually(running, message=f"{name} runs")
    return bot_id


async def conditions(rig: Rig, bot_id: str) -> list[str]:
    return [condition["type"] for condition in (await rig.view(bot_id)).status.conditions]


async def refused(rig: Rig, bot_id: str) -> None:
    async def told() -> bool:
        return ConditionType.REPORT_REFUSED in await conditions(rig, bot_id)

    await eventually(told, message="it is told that the report was refused")


def say(agent: FakeAgent, bot_id: str, **changes: Any) -> None:
    agent.slots[bot_id] = agent.slots[bot_id].model_copy(update=changes)
    agent._tell(SlotItem(slot=agent.slots[bot_id]))


@pytest.mark.parametrize("intake", [False, True])
@pytest.mark.parametrize(
    "changes",
    [
        {"observed_generation": 2**63},
        {"conditions": [], "trader_state": "x" * 40_000, "observed_generation": 2**80},
        {"trader_state": "st\0pped", "observed_generation": 2**63},
    ],
)
async def test_a_slot_that_cannot_be_written_stops_nobody(rig: Rig, changes: dict[str, Any], intake: bool) -> None:
    agent = FakeAgent()
    await rig.add_pool(agent)
    async with rig.running(intake=intake) as reconciler:
        hostile, other = await runs(rig, "hostile"), await runs(rig, "other")
        say(agent, hostile, **changes)
        await refused(rig, hostile)
        await rig.want(other, "paused")
        late = await runs(rig, "late")

        async def paused() -> bool:
            return await rig.state(other) == "paused"

        await eventually(paused, message="another bot is paused")
        await rig.want(hostile, "stopped")
        await eventually(
            lambda: agent.specs[hostile].desired == "stopped", message="even the hostile one is told to stop"
        )
        ticked_at = reconciler.ticked_at
        await eventually(lambda: reconciler.ticked_at > ticked_at, message="the reconciler ticks")
        assert ConditionType.REPORT_REFUSED not in await conditions(rig, late)


async def test_a_restart_of_a_bot_with_unwritable_reports_is_handed_on_once(rig: Rig) -> None:
    agent = FakeAgent()
    await rig.add_pool(agent)
    async with rig.running() as reconciler:
        hostile = await runs(rig, "hostile")
        say(agent, hostile, observed_generation=2**63)
        await refused(rig, hostile)
        async with rig.database.unit_of_work() as session:
            (await session.get_one(BotModel, hostile)).restart_requested += 1
        await rig.hint()
        await eventually(lambda: agent.restarts == [hostile])
        for _ in range(5):
            ticked_at = reconciler.ticked_at
            await eventually(lambda at=ticked_at: reconciler.ticked_at > at)  # type: ignore[misc]
        assert agent.restarts == [hostile]


@pytest.mark.parametrize(
    "changes",
    [
        {"closed_trades": 2**63},
        {"equity": Decimal("1E+300"), "closed_trades": 2**63},
        {"stake_currency": "US\0DT", "closed_trades": 2**64},
    ],
)
async def test_a_snapshot_that_cannot_be_written_costs_itself(rig: Rig, changes: dict[str, Any]) -> None:
    agent = FakeAgent()
    await rig.add_pool(agent)
    async with rig.running(intake=True):
        hostile, other = await runs(rig, "hostile"), await runs(rig, "other")
        agent.tell_snapshot(hostile, snapshot().model_copy(update=changes))
        agent.tell_snapshot(other, snapshot("1234"))

        async def recorded() -> bool:
            async with rig.database.read() as session:
                rows = (await session.exec(select(BotSnapshotModel))).all()
            return [(row.bot_id, row.equity) for row in rows] == [(other, Decimal(1234))]

        await eventually(recorded)
        await refused(rig, hostile)


@pytest.mark.parametrize("poison", [{"seq": 2**63}, {"at": TOO_LATE}])
async def test_an_event_that_cannot_be_written_costs_itself(rig: Rig, poison: dict[str, Any]) -> None:
    agent = FakeAgent()
    await rig.add_pool(agent)
    async with rig.running(intake=True):
        hostile, other = await runs(rig, "hostile"), await runs(rig, "other")
        agent.tell_event(hostile, EventType.TRADE_ENTRY, {}, 1)
        agent.tell_event(hostile, EventType.TRADE_EXIT, {}, 2)
        agent.ring[-1] = agent.ring[-1].model_copy(update=poison)
        agent.incarnation = "second"
    agent.tell_event(other, EventType.TRADE_ENTRY, {}, 1)
    async with rig.running(intake=True):

        async def stored() -> bool:
            async with rig.database.read() as session:
                rows = (await session.exec(select(BotEventModel).order_by(col(BotEventModel.number)))).all()
                cursor = await pools_service.cursor(session, "pool-a")
            found = {(row.bot_id, row.seq) for row in rows}
            return {(hostile, 1), (other, 1)} <= found and cursor == "second-3"

        await eventually(stored)
