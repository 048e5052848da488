"""A daemon that is stopped, killed, and has a full disk: pools go on or come back, each once, with what they kept."""

import signal
import uuid
from collections.abc import AsyncIterator, Iterator
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest

from orchestrator.broker.contract import PoolSpec, RefusalCode, Refused
from orchestrator.pools.directory import AgentDirectory
from orchestrator.pools.drivers import CannotStartPool, DriverUnavailable
from orchestrator.pools.drivers.docker import DockerDriver
from tests.docker.broker_rig import BrokerRig, ask, in_thread, pool
from tests.docker.own_daemon import SMALL_IMAGE, SUBNETS, OwnDaemon, own_daemon
from tests.support import eventually

pytestmark = pytest.mark.timeout(600)
DISK_BYTES = 160 * 2**20


@pytest.fixture(scope="module")
def daemon(docker_client: Any) -> Iterator[OwnDaemon]:
    with own_daemon(docker_client, DISK_BYTES) as daemon:
        yield daemon


@pytest.fixture
async def rig(daemon: OwnDaemon, tmp_path: Path) -> AsyncIterator[BrokerRig]:
    """A broker over the daemon that may be ended."""
    client = daemon.client()
    installation = f"restart-{uuid.uuid4().hex[:8]}"
    rig = BrokerRig(client, daemon.host, SMALL_IMAGE, tmp_path, installation)
    await rig.start(subnets=[IPv4Network(SUBNETS)])
    yield rig
    await rig.aclose()
    client.close()


async def seen_again(driver: DockerDriver, pool_id: str = "pool-a") -> None:
    async def known() -> bool:
        return (await driver.observe(pool_id)).known

    await eventually(known, message="the broker finds the daemon again")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["stopped", "killed"])
async def test_pools_that_ran_come_back_and_a_stopped_one_does_not(
    rig: BrokerRig, daemon: OwnDaemon, number: signal.Signals
) -> None:
    driver = rig.driver()
    await driver.ensure(pool("pool-a"))
    await driver.ensure(pool("pool-b", "usr-2"))
    endpoint = await rig.listening(driver, "pool-a")
    await rig.listening(driver, "pool-b")
    await driver.stop("pool-b", graceful=True)
    before = rig.inspect("pool-a")["Id"], rig.inspect("pool-b")["Id"]
    assert not (await driver.observe("pool-b")).alive
    await in_thread(daemon.end, number)

    observation = await driver.observe("pool-a")
    assert (observation.alive, observation.known, observation.endpoint) == (True, False, endpoint)
    assert "start the daemon" in str(observation.problem)
    unseen = await driver.observe("pool-b")
    assert (unseen.alive, unseen.known) == (False, False), "as it was seen last"
    fresh = await rig.driver().observe("pool-a")
    assert (fresh.alive, fresh.known) == (True, False), "a control plane that never saw it does not take it for dead"
    await everything_is_refused(rig, driver)
    if number is signal.SIGKILL:
        assert (await ask(endpoint, "/starts"))["starts"] == 1, "it trades on without a daemon"

    await in_thread(daemon.start)
    await seen_again(driver)
    if number is signal.SIGTERM:
        await eventually(lambda: running(rig, "pool-a"), message="Docker starts it again, without us")
    # One that was killed finds pools that run, ends them, and may take that for what somebody wanted.
    await driver.ensure(pool("pool-a"))
    assert (await rig.listening(driver, "pool-a")).token == endpoint.token
    assert await rig.starts(driver, "pool-a") == 2, "once more, whoever did it"
    await driver.ensure(pool("pool-a"))
    assert await rig.starts(driver, "pool-a") == 2
    assert (rig.inspect("pool-a")["Id"], rig.inspect("pool-b")["Id"]) == before
    assert rig.running_on_volume("pool-a") == [before[0]]
    assert rig.running_on_volume("pool-b") == [], "what we stopped stays stopped"
    stopped = await driver.observe("pool-b")
    assert (stopped.alive, stopped.known) == (False, True)
    await driver.ensure(pool("pool-b", "usr-2"))
    assert await rig.starts(driver, "pool-b") == 2
    assert rig.running_on_volume("pool-b") == [before[1]]


def running(rig: BrokerRig, pool_id: str) -> bool:
    return bool(rig.inspect(pool_id)["State"]["Running"])


async def everything_is_refused(rig: BrokerRig, driver: DockerDriver) -> None:
    spec = PoolSpec(tenant_id=None, image=rig.image, slots_total=1, settings={}, agent_token="-")
    client = rig.client()
    for call in (client.node(), client.pools(), client.pool("pool-a"), client.ensure("pool-c", spec)):
        with pytest.raises(Refused) as told:
            await call
        assert told.value.refusal.code is RefusalCode.DOCKER_UNREACHABLE
    with pytest.raises(CannotStartPool, match="start the daemon"):
        await driver.ensure(pool("pool-a"))
    orders = [driver.stop("pool-a", graceful=True), driver.remove("pool-a"), driver.purge("pool-a"), driver.list()]
    for order in (driver.restart(pool("pool-a"), graceful=True), *orders):
        with pytest.raises(DriverUnavailable, match="start the daemon"):
            await order


async def test_one_that_is_removed_by_force_comes_back_with_its_files_and_its_token(rig: BrokerRig) -> None:
    driver = rig.driver()
    agents = AgentDirectory(driver.endpoint, driver.doubt)
    await driver.ensure(pool())
    endpoint = await rig.listening(driver)
    client = await agents.agent_for("pool-a")
    first = (await client.pool()).incarnation
    rig.docker.remove_container(rig.name(), force=True)
    assert not (await driver.observe("pool-a")).alive
    await driver.ensure(pool())
    assert (await rig.listening(driver)).token == endpoint.token
    report = await (await agents.agent_for("pool-a")).pool()
    assert (first, report.incarnation) == ("1", "2"), "the same volume, and the directory found it"
    await agents.aclose()


async def test_a_full_disk_is_told_and_what_runs_goes_on(rig: BrokerRig, daemon: OwnDaemon) -> None:
    driver = rig.driver()
    await driver.ensure(pool("pool-a"))
    endpoint = await rig.listening(driver, "pool-a")
    filled = await in_thread(daemon.fill)
    try:
        spec = PoolSpec(tenant_id="usr-9", image=rig.image, slots_total=1, settings={}, agent_token="-" * 40)
        with pytest.raises(Refused) as told:
            await rig.client().ensure("pool-b", spec)
        assert told.value.refusal.code is RefusalCode.DISK_FULL
        with pytest.raises(CannotStartPool, match=r"disk is full\. Free space"):
            await driver.ensure(pool("pool-b", "usr-9"))
        assert rig.running_on_volume("pool-b") == []
        assert (await ask(endpoint, "/starts"))["starts"] == 1
        observation = await driver.observe("pool-a")
        assert (observation.alive, observation.known) == (True, True)
    finally:
        filled.unlink()
    await driver.ensure(pool("pool-b", "usr-9"))
    assert await rig.starts(driver, "pool-b") == 1
    assert await rig.starts(driver, "pool-a") == 1
