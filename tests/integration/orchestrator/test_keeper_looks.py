"""When the keeper looks at pools, and what it makes of it where nobody can look."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass

import pytest

from orchestrator.audit.service import By
from orchestrator.exchanges.companion import CannotStartCompanion
from orchestrator.kit.clock import utc_now
from orchestrator.pools import rollouts, service
from orchestrator.pools.client import AgentEndpoint
from orchestrator.pools.drivers import CannotStartPool, DriverUnavailable, PoolObservation
from orchestrator.pools.models import PoolModel
from orchestrator.pools.nodes import NodeReport
from orchestrator.portfolio.service import PortfolioService
from orchestrator.reconcile import keeper
from orchestrator.reconcile.keeper import PoolKeeper
from orchestrator.term import Means, Term, forget_slots, stop_pools
from tests.fakes.fake_agent import FakeAgent
from tests.integration.orchestrator.rig import Rig
from tests.support import eventually

GONE = "The broker does not answer: start it."


@dataclass(frozen=True)
class Hint:
    pool_id: str


class HintingFake:
    """One pool, which is a fake agent; `away` as a broker or daemon that nobody reaches."""

    def __init__(self, fake: FakeAgent) -> None:
        self.fake = fake
        self.alive = True
        self.away = False
        self.ensured = 0
        self.stopped = 0
        self.listened = 0
        self.told: asyncio.Queue[Hint | None] = asyncio.Queue()
        self.seen = PoolObservation(alive=True, endpoint=None)
        self.image_id: str | None = None

    async def ensure(self, pool: PoolModel) -> None:
        self.ensured += 1
        if self.away:
            raise CannotStartPool(GONE)
        self.alive = True

    async def observe(self, pool_id: str) -> PoolObservation:
        if self.away:
            return PoolObservation(self.seen.alive, self.seen.endpoint, GONE, known=False)
        endpoint = self.fake.endpoint if self.alive else None
        self.seen = PoolObservation(self.alive, endpoint, image_id=self.image_id)
        return self.seen

    async def endpoint(self, pool_id: str) -> AgentEndpoint | None:
        return (await self.observe(pool_id)).endpoint

    async def stop(self, pool_id: str, *, graceful: bool) -> None:
        self._reach()
        self.stopped += 1
        self.alive = False
        self.seen = PoolObservation(alive=False, endpoint=None)

    async def restart(self, pool: PoolModel, *, graceful: bool) -> None:
        self._reach()

    async def remove(self, pool_id: str) -> None:
        self._reach()

    async def purge(self, pool_id: str) -> None:
        self._reach()

    async def node(self) -> NodeReport | None:
        self._reach()
        return None

    async def list(self) -> list[str]:
        self._reach()
        return [self.fake.pool_id]

    async def hints(self) -> AsyncGenerator[Hint, None]:
        self.listened += 1
        self._reach()
        while (hint := await self.told.get()) is not None:
            yield hint
        raise DriverUnavailable(GONE)

    def _reach(self) -> None:
        if self.away:
            raise DriverUnavailable(GONE)


@pytest.fixture
async def driver(rig: Rig) -> HintingFake:
    fake = FakeAgent("pool-a", 3)
    await rig.add_pool(fake)
    return HintingFake(fake)


@contextlib.asynccontextmanager
async def keeping(rig: Rig, driver: HintingFake, seconds: float) -> AsyncIterator[None]:
    task = asyncio.create_task(PoolKeeper(rig.database, {"fake": driver}, rig.agents, seconds).run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def row(rig: Rig) -> PoolModel:
    async with rig.database.read() as session:
        return await service.get(session, "pool-a")


async def is_(rig: Rig, state: str, *conditions: str) -> bool:
    pool = await row(rig)
    return (pool.observed_state, [held["type"] for held in pool.conditions]) == (state, list(conditions))


async def want(rig: Rig, state: str) -> None:
    async with rig.database.unit_of_work() as session:
        pool = await service.get(session, "pool-a")
        pool.desired_state = state
        session.add(pool)


async def test_what_nobody_can_look_at_is_left_as_it_is(
    rig: Rig, driver: HintingFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "_REPORT_SECONDS", 0.5)
    async with keeping(rig, driver, 0.02):
        await eventually(lambda: driver.seen.endpoint)
        await eventually(lambda: is_(rig, "ready"))
        driver.away = True
        await eventually(lambda: is_(rig, "ready", "DriverUnavailable"), message="its agent answers all the same")
        assert (await row(rig)).conditions[0]["message"] == GONE
        await want(rig, "stopped")
        driver.fake.calls.clear()
        await eventually(lambda: ("GET", "/v1/pool") in driver.fake.calls, message="it is looked at again")
        await eventually(lambda: is_(rig, "ready", "DriverUnavailable"), message="not stopped: nobody could")
        await want(rig, "running")
        await driver.fake.stop()
        await eventually(lambda: is_(rig, "unreachable", "DriverUnavailable"))
        assert (driver.ensured, driver.stopped) == (0, 0)
        await driver.fake.start()
        driver.away = False
        await eventually(lambda: is_(rig, "ready"), message="all is well again")
    assert (driver.ensured, driver.stopped) == (0, 0)


async def test_one_that_was_stopped_stays_so_while_nobody_can_look(rig: Rig, driver: HintingFake) -> None:
    await want(rig, "stopped")
    async with keeping(rig, driver, 0.02):
        await eventually(lambda: is_(rig, "stopped"))
        driver.away = True
        await eventually(lambda: is_(rig, "stopped", "DriverUnavailable"))
    assert driver.ensured == 0


async def test_bots_of_a_pool_that_nobody_can_look_at_are_not_taken_for_absent(rig: Rig, driver: HintingFake) -> None:
    driver.away = True
    driver.seen = PoolObservation(alive=False, endpoint=None)
    await forget_slots(rig.database, {"fake": driver})
    assert await is_(rig, "ready")
    driver.away, driver.alive = False, False
    await forget_slots(rig.database, {"fake": driver})
    assert await is_(rig, "starting")


async def test_stopping_all_pools_outlives_a_driver_that_is_away(driver: HintingFake) -> None:
    class Paper:
        stopped = 0

        async def stop(self) -> None:
            self.stopped += 1
            raise CannotStartCompanion(GONE)

    paper, other = Paper(), HintingFake(driver.fake)
    driver.away = True
    companions = [paper, None, gateway := Paper()]
    await stop_pools({"away": driver, "there": other}, companions)  # type: ignore[arg-type]  # what else a service has
    assert (driver.stopped, other.stopped, paper.stopped, gateway.stopped) == (0, 1, 1, 1)


async def test_a_pool_is_not_started_before_the_paper_exchange_has_an_address(rig: Rig, driver: HintingFake) -> None:
    """It would refuse all bots of the paper exchange for as long as it lives."""
    driver.alive = False

    class Paper:
        asked, address = 0, None

        def pool_url(self) -> str | None:
            self.asked += 1
            return self.address

    paper, portfolio = Paper(), PortfolioService(rig.database, rig.bus)
    means = Means(
        rig.settings, rig.database, rig.bus, rig.agents, rig.catalogue, portfolio, {"fake": driver},
        paper, leading=lambda: True,  # type: ignore[arg-type]  # what else a service has
    )  # fmt: skip
    task = asyncio.create_task(Term(means)._runners()["pools"]())
    try:
        await eventually(lambda: paper.asked > 150 or driver.ensured, message="it is waited for")
        assert driver.ensured == 0
        paper.address = "http://127.0.0.1:1"  # type: ignore[assignment]
        await eventually(lambda: driver.ensured, message="the pool is started")
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_what_a_pool_was_made_of_is_written_and_is_what_a_roll_back_makes_again(
    rig: Rig, driver: HintingFake
) -> None:
    driver.image_id = "sha256:1"

    async def written() -> bool:
        return (await row(rig)).image_id == "sha256:1"

    async with keeping(rig, driver, 0.02):
        await eventually(written)
    async with rig.database.unit_of_work() as session:
        pool = await service.get(session, "pool-a")
        pool.image, pool.driver = "flotilla-pool:latest", "docker"
        session.add(pool)
        made = await rollouts.start(session, By("admin", ""), "flotilla-pool:2")
    assert [(leg.source_image, leg.target_image) for leg in rollouts.legs_of(made)] == [("sha256:1", "flotilla-pool:2")]
    async with rig.database.unit_of_work() as session:
        await service.observe(session, "pool-a", service.PoolSeen(utc_now(), alive=False, report=None))
    assert (await row(rig)).image_id == "sha256:1", "it stays while it is not told"


async def test_a_hint_is_looked_at_at_once(rig: Rig, driver: HintingFake) -> None:
    async with keeping(rig, driver, 600):
        await eventually(lambda: is_(rig, "ready"))
        await eventually(lambda: driver.listened)
        await driver.fake.stop()
        driver.told.put_nowait(Hint("pool-a"))
        await eventually(
            lambda: is_(rig, "unreachable", "Unreachable"), message="its agent is asked although it was ready"
        )
        await driver.fake.start()
        driver.told.put_nowait(Hint("pool-x"))
        driver.told.put_nowait(Hint(""))
        await eventually(lambda: is_(rig, "ready"), message="anything may have happened")
        driver.alive = False
        driver.told.put_nowait(Hint("pool-a"))
        await eventually(lambda: driver.ensured == 1, message="it died, and is started")


async def test_hints_that_break_off_are_listened_to_again(rig: Rig, driver: HintingFake) -> None:
    async with keeping(rig, driver, 600):
        await eventually(lambda: driver.listened == 1)
        driver.told.put_nowait(None)
        await eventually(lambda: driver.listened == 2)
        await eventually(lambda: is_(rig, "ready"))
        driver.alive = False
        driver.told.put_nowait(Hint("pool-a"))
        await eventually(lambda: driver.ensured == 1)
