"""Orders to drivers: carried out once, tried again where the driver cannot, a disk never purged under a pool."""

import asyncio

import pytest

from orchestrator.audit import service as audit
from orchestrator.audit.service import By
from orchestrator.pools import orders, service, steering
from orchestrator.pools.drivers import CannotStartPool, DriverUnavailable
from orchestrator.pools.models import PoolModel, PoolOrderModel
from orchestrator.pools.policy import PoolPolicy
from orchestrator.reconcile.orders import OrderTask
from tests.fakes.fake_agent import FakeAgent
from tests.integration.orchestrator.rig import Rig
from tests.support import eventually

ANN = By("user-ann", "why not")
POLICY = PoolPolicy(driver="fake")


class RecordingDriver:
    """Does nothing, and says what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.failing: Exception | None = None

    async def restart(self, pool: PoolModel, *, graceful: bool) -> None:
        self._ask("restart" if graceful else "kill", pool.id)

    async def purge(self, pool_id: str) -> None:
        self._ask("purge", pool_id)

    def _ask(self, what: str, pool_id: str) -> None:
        self.asked.append((what, pool_id))
        if self.failing is not None:
            raise self.failing


@pytest.fixture
async def driver(rig: Rig) -> RecordingDriver:
    await rig.add_pool(FakeAgent("pool-a"))
    return RecordingDriver()


def task(rig: Rig, driver: RecordingDriver) -> OrderTask:
    return OrderTask(rig.database, {"fake": driver})  # type: ignore[dict-item]


async def waiting(rig: Rig) -> list[PoolOrderModel]:
    async with rig.database.read() as session:
        return list(await orders.every(session))


async def actions(rig: Rig) -> list[str]:
    async with rig.database.read() as session:
        return [row.action for row in (await audit.list_(session, limit=50)).items]


async def test_a_restart_is_done_once(rig: Rig, driver: RecordingDriver) -> None:
    for _ in range(2):
        async with rig.database.unit_of_work() as session:
            await steering.restart(session, ANN, "pool-a")
    for _ in range(2):
        assert await task(rig, driver).tick() is False
    assert driver.asked == [("restart", "pool-a")]
    assert await waiting(rig) == []
    assert await actions(rig) == ["pool.restart_done", "pool.restart"]


@pytest.mark.parametrize("failure", [CannotStartPool("No image."), DriverUnavailable("No Docker.")])
async def test_what_fails_is_told_and_tried_again(rig: Rig, driver: RecordingDriver, failure: Exception) -> None:
    async with rig.database.unit_of_work() as session:
        await steering.restart(session, ANN, "pool-a")
    driver.failing = failure
    assert await task(rig, driver).tick() is True
    (order,) = await waiting(rig)
    assert order.problem == str(failure)
    driver.failing = None
    assert await task(rig, driver).tick() is False
    assert await waiting(rig) == []


async def test_a_disk_is_purged_only_once_its_pool_has_gone(rig: Rig, driver: RecordingDriver) -> None:
    async with rig.database.unit_of_work() as session:
        await steering.purge(session, ANN, "pool-a", POLICY, {})
    await task(rig, driver).tick()
    assert driver.asked == []
    async with rig.database.unit_of_work() as session:
        await service.forget(session, "pool-a")
    await task(rig, driver).tick()
    assert driver.asked == [("purge", "pool-a")]
    assert await waiting(rig) == []
    assert await actions(rig) == ["pool.purge_done", "pool.purge", "pool.delete"]


async def test_a_restart_of_a_pool_that_went_meanwhile_is_left(rig: Rig, driver: RecordingDriver) -> None:
    async with rig.database.unit_of_work() as session:
        await steering.restart(session, ANN, "pool-a")
        (await session.get_one(PoolModel, "pool-a")).desired_state = "removed"
    await task(rig, driver).tick()
    assert driver.asked == []
    assert await waiting(rig) == []


async def test_no_secret_reaches_the_audit(rig: Rig) -> None:
    told = {"name": "x", "api_key": "s3cret", "nested": [{"password": "s3cret"}], "stake_amount": 1}
    async with rig.database.unit_of_work() as session:
        audit.record(session, "user-ann", "bot.update", "bot/x", "w" * 900, told, {"Token": "s3cret"})
    async with rig.database.read() as session:
        (row,) = (await audit.list_(session, limit=5)).items
    assert "s3cret" not in f"{row.before}{row.after}"
    assert (row.before or {})["stake_amount"] == 1
    assert len(row.why) == 500


async def test_an_order_to_purge_dies_where_its_pool_comes_back(rig: Rig, driver: RecordingDriver) -> None:
    """The local pool is made again at a start: its next removal must not purge what nobody asked to purge."""
    async with rig.database.unit_of_work() as session:
        await service.remove(session, "pool-a")
        await steering.purge(session, ANN, "pool-a", POLICY, {})
    async with rig.database.unit_of_work() as session:
        pool = await service.get(session, "pool-a")
        pool.desired_state = "running"
        session.add(pool)
    assert await task(rig, driver).tick() is False
    assert await waiting(rig) == []
    assert driver.asked == []


class BreakingDriver(RecordingDriver):
    """Breaks at pool-a, and is slow with all others."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on = asyncio.Event()

    async def restart(self, pool: PoolModel, *, graceful: bool) -> None:
        await super().restart(pool, graceful=graceful)
        if pool.id == "pool-a":
            raise OSError("the database is gone, say")
        await self.go_on.wait()


async def test_a_tick_ends_only_when_all_of_its_orders_have(rig: Rig) -> None:
    """Or the next one would restart a pool beside the restart that is still under way."""
    for pool_id in ("pool-a", "pool-b"):
        await rig.add_pool(FakeAgent(pool_id))
        async with rig.database.unit_of_work() as session:
            await steering.restart(session, ANN, pool_id)
    breaking = BreakingDriver()
    tick = asyncio.create_task(task(rig, breaking).tick())
    await eventually(lambda: len(breaking.asked) == 2)
    done, _ = await asyncio.wait({tick}, timeout=0.2)
    assert not done
    breaking.go_on.set()
    with pytest.raises(OSError, match="gone"):
        await tick
    assert [order.pool_id for order in await waiting(rig)] == ["pool-a"]
