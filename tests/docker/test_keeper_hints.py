"""The keeper over real containers: one that dies is seen at once, not at the next look."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path

import pytest

from orchestrator.db import migrate
from orchestrator.db.engine import Database
from orchestrator.pools import service
from orchestrator.pools.directory import AgentDirectory
from orchestrator.pools.drivers import PoolHint
from orchestrator.pools.models import PoolModel
from orchestrator.reconcile.keeper import PoolKeeper
from tests.docker.broker_rig import BrokerRig, in_thread, pool
from tests.support import eventually

HOUR = 3600.0


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    url = f"sqlite+aiosqlite:///{tmp_path}/flotilla.db"
    await migrate.upgrade(url)
    database = Database(url)
    async with database.unit_of_work() as session:
        session.add(pool(tenant_id=None))
    yield database
    await database.close()


async def row(database: Database) -> PoolModel:
    async with database.read() as session:
        return await service.get(session, "pool-a")


async def test_a_container_that_dies_is_seen_at_once_and_started_again(
    rig: BrokerRig, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = rig.driver()
    agents = AgentDirectory(driver.endpoint, driver.doubt)

    @contextlib.asynccontextmanager
    async def keeping(seconds: float) -> AsyncIterator[None]:
        task = asyncio.create_task(PoolKeeper(database, {"docker": driver}, agents, seconds).run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def ready() -> bool:
        return (await row(database)).observed_state == "ready"

    async with keeping(0.1):
        await eventually(ready)
    heard: list[str] = []
    tell = driver.hints

    async def hints() -> AsyncGenerator[PoolHint, None]:
        async for hint in tell():
            heard.append(hint.pool_id)
            yield hint

    monkeypatch.setattr(driver, "hints", hints)
    async with keeping(HOUR):
        await eventually(lambda: heard == [""], message="the first says that something may have been missed")
        await in_thread(rig.docker.kill, rig.name())
        await eventually(rig.running_on_volume, message="it is started again")
        await rig.listening(driver)
        await rig.stop()
        await rig.start()

        async def second() -> bool:
            pool = await row(database)
            return pool.observed_state == "ready" and (pool.report or {}).get("incarnation") == "2"

        await eventually(second, message="the broker came back, and so did its hints")
    assert await rig.starts(driver) == 2
    await agents.aclose()
