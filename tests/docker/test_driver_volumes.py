"""A pool is its volume, on one daemon: nothing is started in its place, and nothing lives unnoticed."""

from pathlib import Path

import pytest

from orchestrator.db import migrate
from orchestrator.db.engine import Database
from orchestrator.kit.clock import utc_now
from orchestrator.pools.directory import AgentDirectory
from orchestrator.pools.disks import PoolDisk
from orchestrator.pools.drivers import CannotStartPool, DriverUnavailable
from orchestrator.pools.drivers.docker import DockerDriver
from orchestrator.reconcile.strays import Strays
from tests.docker.broker_rig import BrokerRig, pool


async def test_a_pool_whose_volume_is_gone_is_not_started_empty(rig: BrokerRig) -> None:
    driver, seen = rig.driver(), {"last_seen_at": utc_now()}
    await driver.ensure(pool())
    await rig.listening(driver)
    await driver.ensure(pool(**seen))
    rig.docker.remove_container(rig.name(), force=True)
    await driver.ensure(pool(**seen))
    assert await rig.starts(driver) == 2, "its container may go"
    rig.docker.remove_container(rig.name(), force=True)
    rig.docker.remove_volume(rig.name())
    with pytest.raises(CannotStartPool, match="is gone, with its bots' trades") as told:
        await driver.ensure(pool(**seen))
    assert await driver.list() == [], "nothing was made"
    create_as_told(rig, str(told.value))
    await driver.ensure(pool(**seen))
    assert await rig.starts(driver) == 1, "begun anew, as somebody decided"


async def test_a_volume_put_back_without_its_labels_is_told_with_them(rig: BrokerRig) -> None:
    driver = rig.driver()
    rig.docker.create_volume(rig.name())
    with pytest.raises(CannotStartPool, match="may hold trades: save what it holds") as told:
        await driver.ensure(pool(last_seen_at=utc_now()))
    assert rig.docker.inspect_volume(rig.name()), "it stays"
    rig.docker.remove_volume(rig.name())
    create_as_told(rig, str(told.value))
    await driver.ensure(pool(last_seen_at=utc_now()))
    assert await rig.starts(driver) == 1


async def test_what_a_removed_pool_left_is_told_by_its_labels(rig: BrokerRig) -> None:
    driver = rig.driver()
    await driver.ensure(pool())
    (made_of,) = [container.image_id for container in await driver.containers()]
    copy = f"{rig.installation}-copy"
    rig.docker.create_volume(copy, labels=rig.docker.inspect_volume(rig.name())["Labels"])
    try:
        assert await driver.disks() == [PoolDisk("pool-a", True, "usr-1", made_of)], "a copy is no pool's to purge"
        await driver.stop("pool-a", graceful=False)
        assert await driver.disks() == [PoolDisk("pool-a", False, "usr-1", made_of)]
    finally:
        rig.docker.remove_volume(copy)


def create_as_told(rig: BrokerRig, refusal: str) -> None:
    """What a refusal says is what helps."""
    words = refusal.partition("docker volume create ")[2].partition(")")[0].split()
    labels = dict(word.split("=", 1) for word in words if "=" in word)
    rig.docker.create_volume(words[-1], labels=labels)


async def test_a_new_pool_needs_no_volume(rig: BrokerRig) -> None:
    driver = rig.driver()
    await driver.ensure(pool())
    assert await rig.starts(driver) == 1


async def test_where_pools_are_is_the_installation_and_the_daemons_own_id(rig: BrokerRig) -> None:
    node = await rig.client().node()
    assert node.place == f"{rig.installation}@{rig.docker.info()['ID']}"
    client, driver = rig.client(), rig.driver()
    await driver.ensure(pool())

    async def elsewhere(place: str) -> str:
        return f"Not {place}."

    client.belong(elsewhere)
    other = DockerDriver(client, rig.image)
    with pytest.raises(DriverUnavailable, match=f"Not {rig.installation}@"):
        await other.remove("pool-a")
    assert rig.running_on_volume() != []
    assert not (await other.observe("pool-b")).known


async def test_a_pool_without_a_row_is_a_stray_as_long_as_it_lives(rig: BrokerRig, tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/flotilla.db"
    await migrate.upgrade(url)
    database, driver = Database(url), rig.driver()
    agents = AgentDirectory(driver.endpoint, driver.doubt)
    strays = Strays(database, {"docker": driver}, agents)
    try:
        async with database.unit_of_work() as session:
            session.add(pool(tenant_id=None))
        await driver.ensure(pool(tenant_id=None))
        await driver.ensure(pool("pool-b"))
        await strays.look()
        assert [told.split()[2] for told in strays.problems("docker")] == ["pool-b"]
        await driver.stop("pool-b", graceful=False)
        await strays.look()
        assert strays.problems("docker") == []
    finally:
        await agents.aclose()
        await database.close()
