"""Who is heard: a bot's slot where it is assigned, under its present assignment."""

import asyncio
from collections.abc import Sequence
from typing import Any

from orchestrator.risk.desk import Desk
from pool.contract.events import ReserveItem, SettleItem, SnapshotItem
from pool.contract.risk import Grant, Settlement
from tests.unit.risk.fleet import POOL, USER, Fleet, asking, holding, reading


class Agent:
    def __init__(self) -> None:
        self.grants: list[Grant] = []

    async def agent_for(self, pool_id: str) -> "Agent":
        return self

    async def post_grants(self, grants: Sequence[Grant], seconds: float) -> None:
        self.grants.extend(grants)


async def test_a_slot_that_the_bot_left_or_that_was_fenced_gets_no_leave_and_changes_nothing() -> None:
    fleet, agent = Fleet(None, ["a"]), Agent()
    agents: Any = agent
    desk = Desk(fleet.engine, agents, lambda: True)

    async def ask(pool_id: str, request_id: str, epoch: int | None) -> None:
        request = asking(request_id, 10, fleet.at())
        await desk.reserve(pool_id, ReserveItem(bot_id="a", run_id="run", request=request, epoch=epoch))

    await ask("pool-before", "left", 1)
    await ask(POOL, "fenced", 0)
    assert fleet.engine.reserved() == 0
    await ask(POOL, "here", 1)
    await ask(POOL, "of an agent that does not tell", None)
    assert fleet.engine.reserved() == 2
    released = Settlement(request_id="here", outcome="released")
    await desk.settle("pool-before", SettleItem(bot_id="a", run_id="run", settlement=released, epoch=1))
    await desk.settle(POOL, SettleItem(bot_id="a", run_id="run", settlement=released, epoch=0))
    assert fleet.engine.reserved() == 2
    told = reading(fleet.at(), [holding(100, pair="OLD/USDT")])
    await desk.snapshot("pool-before", SnapshotItem(bot_id="a", run_id="run", snapshot=told))
    assert "OLD" not in {one.asset for one in fleet.engine.held(USER)}
    async with asyncio.timeout(30):
        while len(agent.grants) < 4:
            await asyncio.sleep(0)
    assert {grant.request_id for grant in agent.grants if grant.granted} == {"here", "of an agent that does not tell"}
    assert {grant.limit for grant in agent.grants} == {"", "lease"}
    await desk.aclose()
