"""Pools that live though the database knows no such pool: what they run is not started a second time."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from orchestrator.bots import repository
from orchestrator.pools import nodes
from orchestrator.pools.client import AgentEndpoint
from orchestrator.pools.drivers import DriverUnavailable, PoolObservation
from orchestrator.pools.nodes import NodeReport
from orchestrator.reconcile.keeper import PoolKeeper
from orchestrator.reconcile.loop import Reconciler
from orchestrator.reconcile.strays import Strays
from tests.fakes.fake_agent import FakeAgent
from tests.integration.orchestrator.rig import Rig
from tests.support import eventually


class Driver:
    """Lists pool-a and the stray, which lives while it is in `alive`."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.alive = {"pool-a", "pool-x"}
        self.away = False

    async def list(self) -> list[str]:
        if self.away:
            raise DriverUnavailable("The broker does not answer.")
        return ["pool-a", "pool-x"]

    async def observe(self, pool_id: str) -> PoolObservation:
        return PoolObservation(pool_id in self.alive, await self.endpoint(pool_id))

    async def endpoint(self, pool_id: str) -> AgentEndpoint | None:
        fake = self.rig.fakes.get(pool_id)
        return None if fake is None else fake.endpoint

    async def node(self) -> NodeReport:
        return NodeReport(name="machine", cores=1, memory_bytes=2**30)


class Restored:
    """Bot `one` runs in pool-x, and belongs to pool-a by what the database says."""

    def __init__(self, rig: Rig, bot_id: str, a: FakeAgent, x: FakeAgent) -> None:
        self.rig, self.bot_id, self.a, self.x = rig, bot_id, a, x
        self.driver = Driver(rig)
        self.strays = Strays(rig.database, {"fake": self.driver}, rig.agents)  # type: ignore[dict-item]

    @contextlib.asynccontextmanager
    async def reconciled(self) -> AsyncIterator[None]:
        rig = self.rig
        reconciler = Reconciler(
            rig.database, rig.bus, rig.agents, rig.catalogue, rig.settings, lambda: True, self.strays
        )
        task = asyncio.create_task(reconciler.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def restored(rig: Rig) -> AsyncIterator[Restored]:
    a, x = FakeAgent("pool-a"), FakeAgent("pool-x")
    await rig.add_pool(a)
    bot = await rig.create("one")
    async with rig.running():
        await eventually(lambda: bot.id in a.slots)
    x.slots[bot.id] = a.slots[bot.id]
    a.archive(bot.id)
    await x.start()
    rig.fakes["pool-x"] = x
    yield Restored(rig, bot.id, a, x)
    await x.stop()


async def test_a_bot_of_a_stray_is_not_started_elsewhere_until_that_is_gone(rig: Rig, restored: Restored) -> None:
    await restored.strays.look()
    async with restored.reconciled():
        other = await rig.create("two")
        await eventually(lambda: other.id in restored.a.slots, message="others go on")
        assert restored.bot_id not in restored.a.slots
        restored.driver.away = True
        await restored.strays.look()
        third = await rig.create("three")
        await eventually(lambda: third.id in restored.a.slots)
        assert restored.bot_id not in restored.a.slots, "nobody said that it is gone"
        restored.driver.away = False
        restored.driver.alive.discard("pool-x")
        await restored.strays.look()
        await eventually(lambda: restored.bot_id in restored.a.slots)


async def test_one_that_does_not_tell_its_bots_may_have_any_from_before(rig: Rig, restored: Restored) -> None:
    await restored.x.stop()
    await restored.strays.look()
    async with restored.reconciled():
        fresh = await rig.create("two")
        await eventually(lambda: fresh.id in restored.a.slots, message="it was made since")
        assert restored.bot_id not in restored.a.slots


async def test_nothing_is_started_before_it_is_known_which_pools_there_are(rig: Rig, restored: Restored) -> None:
    restored.driver.away = True
    await restored.strays.look()
    async with rig.database.read() as session:
        rows = await repository.desired(session)
    assert restored.strays.held(rows) == {restored.bot_id}
    restored.driver.away, restored.driver.alive = False, {"pool-a"}
    await restored.strays.look()
    assert restored.strays.held(rows) == frozenset()


async def test_administrators_are_told_of_it_beside_its_machine(rig: Rig, restored: Restored) -> None:
    await restored.strays.look()
    keeper = PoolKeeper(rig.database, {"fake": restored.driver}, rig.agents, 600, restored.strays)  # type: ignore[dict-item]
    task = asyncio.create_task(keeper.run())

    async def told() -> list[str]:
        async with rig.database.read() as session:
            return [held["message"] for node in await nodes.every(session) for held in node.conditions]

    try:
        (message,) = await eventually(told)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert message.startswith("The pool pool-x lives here")
    assert "1 bots" in message
