"""What every pool driver keeps; run for each one there is, over fake pools."""

import json
import os
import signal
import stat
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from orchestrator.kit.clock import utc_now
from orchestrator.pools.client import AgentClient
from orchestrator.pools.drivers import DiskDriver, PoolDriver
from orchestrator.pools.drivers.process import ProcessDriver
from orchestrator.pools.models import PoolModel
from tests.docker.broker_rig import SURROUNDINGS, broker_rig
from tests.support import eventually

MODULE = "tests.fakes.fake_pool"
Remake = Callable[[], PoolDriver]


def pool(pool_id: str = "pool-a") -> PoolModel:
    return PoolModel(
        id=pool_id,
        node="local",
        driver="process",
        slots_total=7,
        desired_state="running",
        observed_state="stopped",
        conditions=[],
        created_at=utc_now(),
    )


@pytest.fixture(params=["process", "docker"])
async def remake(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Remake]:
    """Makes a driver over the same pools as the one before: what a restarted control plane has."""
    if request.param == "docker":
        async with broker_rig(tmp_path) as rig:
            yield rig.driver
        return

    def make() -> PoolDriver:
        return ProcessDriver(tmp_path, lambda: SURROUNDINGS, stop_seconds=5, module=MODULE)

    yield make
    driver = make()
    for pool_id in await driver.list():
        await driver.stop(pool_id, graceful=False)


async def reachable(driver: PoolDriver, pool_id: str = "pool-a") -> AgentClient:
    async def listens() -> object:
        return await driver.endpoint(pool_id)

    await eventually(listens, message="the agent listens")
    endpoint = await driver.endpoint(pool_id)
    assert endpoint is not None
    return AgentClient(pool_id, endpoint)


async def test_a_pool_is_started_answers_and_stops(remake: Remake) -> None:
    driver = remake()
    assert not (await driver.observe("pool-a")).alive
    await driver.stop("pool-a", graceful=True)  # nothing to do
    await driver.ensure(pool())
    client = await reachable(driver)
    report = await client.pool()
    assert (report.pool_id, report.slots_total) == ("pool-a", 7)
    assert await driver.list() == ["pool-a"]
    await driver.stop("pool-a", graceful=True)
    observation = await driver.observe("pool-a")
    assert (observation.alive, observation.endpoint) == (False, None)
    assert await driver.list() == ["pool-a"], "what it keeps stays"
    await client.aclose()


async def test_ensure_again_and_again_changes_nothing(remake: Remake) -> None:
    driver = remake()
    for _ in range(3):
        await driver.ensure(pool())
    client = await reachable(driver)
    incarnation = await driver.endpoint("pool-a")
    await driver.ensure(pool())
    assert await driver.endpoint("pool-a") == incarnation
    await client.aclose()


async def test_the_next_control_plane_adopts_a_living_pool(remake: Remake) -> None:
    first = remake()
    await first.ensure(pool())
    client = await reachable(first)
    endpoint = await first.endpoint("pool-a")
    second = remake()
    await second.ensure(pool())
    assert await second.endpoint("pool-a") == endpoint
    await second.stop("pool-a", graceful=True)
    assert not (await second.observe("pool-a")).alive
    await client.aclose()


async def test_pools_do_not_know_each_other(remake: Remake) -> None:
    driver = remake()
    for pool_id in ("pool-a", "pool-b"):
        await driver.ensure(pool(pool_id))
    first, second = await reachable(driver), await reachable(driver, "pool-b")
    assert first.endpoint.token != second.endpoint.token
    await driver.stop("pool-a", graceful=True)
    assert (await second.pool()).pool_id == "pool-b"
    await first.aclose()
    await second.aclose()


async def test_restart_keeps_what_it_was_and_takes_what_was_changed(remake: Remake) -> None:
    driver = remake()
    await driver.ensure(pool())
    first = await reachable(driver)
    changed = pool()
    changed.slots_total = 9
    await driver.restart(changed, graceful=True)
    second = await reachable(driver)
    assert second.endpoint.token == first.endpoint.token
    assert (await second.pool()).slots_total == 9
    await first.aclose()
    await second.aclose()


async def test_remove_keeps_what_purge_does_not(remake: Remake) -> None:
    driver = remake()
    await driver.remove("pool-a")  # nothing to do
    await driver.purge("pool-a")
    await driver.ensure(pool())
    await (await reachable(driver)).aclose()
    await driver.remove("pool-a")
    assert not (await driver.observe("pool-a")).alive
    assert await driver.list() == ["pool-a"]
    await driver.ensure(pool())
    await (await reachable(driver)).aclose()
    await driver.purge("pool-a")
    assert not (await driver.observe("pool-a")).alive
    assert await driver.list() == []


async def test_disks_are_told_until_they_are_purged(remake: Remake) -> None:
    driver = remake()
    assert isinstance(driver, DiskDriver)

    async def told() -> list[tuple[str, bool]]:
        return [(disk.pool_id, disk.in_use) for disk in await driver.disks()]

    assert await told() == []
    for pool_id in ("pool-b", "pool-a"):
        await driver.ensure(pool(pool_id))
        await (await reachable(driver, pool_id)).aclose()
    await driver.remove("pool-a")
    assert sorted(await told()) == [("pool-a", False), ("pool-b", True)]
    await driver.purge("pool-a")
    assert await told() == [("pool-b", True)]


async def test_the_machine_is_told(remake: Remake) -> None:
    node = await remake().node()
    assert node is not None
    assert node.cores >= 1
    assert node.memory_bytes > 2**20


class TestProcess:
    """Of the process driver alone."""

    @pytest.fixture
    async def driver(self, tmp_path: Path) -> AsyncIterator[ProcessDriver]:
        driver = ProcessDriver(tmp_path, stop_seconds=0.5, module=MODULE)
        yield driver
        await driver.stop("pool-a", graceful=False)

    async def started_pid(self, driver: ProcessDriver, directory: Path) -> int:
        await (await reachable(driver)).aclose()
        return int(json.loads((directory / "endpoint.json").read_text())["pid"])

    async def test_a_killed_pool_is_seen_dead_and_started_anew(self, driver: ProcessDriver, tmp_path: Path) -> None:
        await driver.ensure(pool())
        pid = await self.started_pid(driver, tmp_path / "pool-a")
        os.kill(pid, signal.SIGKILL)

        async def dead() -> bool:
            return not (await driver.observe("pool-a")).alive

        await eventually(dead)
        assert await driver.endpoint("pool-a") is None, "a dead agent's address is not handed out"
        await driver.ensure(pool())
        assert await self.started_pid(driver, tmp_path / "pool-a") != pid

    async def test_one_that_ignores_sigterm_is_killed(self, driver: ProcessDriver, tmp_path: Path) -> None:
        (tmp_path / "pool-a").mkdir()
        (tmp_path / "pool-a" / "deaf").touch()
        await driver.ensure(pool())
        await self.started_pid(driver, tmp_path / "pool-a")
        await driver.stop("pool-a", graceful=True)
        assert not (await driver.observe("pool-a")).alive

    async def test_one_that_cannot_start_says_why(self, driver: ProcessDriver, tmp_path: Path) -> None:
        (tmp_path / "pool-a").mkdir()
        (tmp_path / "pool-a" / "fail").touch()
        await driver.ensure(pool())

        async def told() -> str | None:
            return (await driver.observe("pool-a")).problem

        assert await eventually(told) == "It ended with status 1: The fake pool was told to fail."

    async def test_a_reused_pid_is_not_taken_for_the_pool(self, driver: ProcessDriver, tmp_path: Path) -> None:
        directory = tmp_path / "pool-a"
        directory.mkdir()
        (directory / "init.lock").write_text(str(os.getpid()))
        (directory / "endpoint.json").write_text(json.dumps({"host": "127.0.0.1", "port": 1, "pid": os.getpid()}))
        assert not (await driver.observe("pool-a")).alive
        await driver.stop("pool-a", graceful=False)  # we are still here

    async def test_secrets_stay_here_and_files_are_private(
        self, driver: ProcessDriver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden")
        monkeypatch.setenv("FLOTILLA_POOL_STOP_TIMEOUT_SECONDS", "7")
        leaking = os.open(tmp_path / "leak", os.O_CREAT | os.O_RDWR)
        os.set_inheritable(leaking, True)
        await driver.ensure(pool())
        await self.started_pid(driver, tmp_path / "pool-a")
        os.close(leaking)
        given = json.loads((tmp_path / "pool-a" / "environment.json").read_text())
        assert "hidden" not in given["env"].values()
        assert given["env"]["FLOTILLA_POOL_STOP_TIMEOUT_SECONDS"] == "7"
        assert leaking not in given["descriptors"]
        for name in ("agent-token", "pool.json", "logs/start.log"):
            assert stat.S_IMODE((tmp_path / "pool-a" / name).stat().st_mode) == 0o600
        assert stat.S_IMODE((tmp_path / "pool-a").stat().st_mode) == 0o700
        assert os.getsid(int((tmp_path / "pool-a" / "init.lock").read_text())) != os.getsid(0)
