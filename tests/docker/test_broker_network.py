"""Who reaches whom: tenants' networks, the paper exchange in all of them, and the world outside."""

from typing import Any

from orchestrator.broker.contract import PaperSpec
from orchestrator.pools.drivers.docker import DockerDriver
from tests.docker.broker_rig import BrokerRig, ask, pool
from tests.support import eventually


async def reaches(rig: BrokerRig, driver: DockerDriver, pool_id: str, host: str, port: int) -> bool:
    told = await ask(await rig.listening(driver, pool_id), f"/probe?host={host}&port={port}")
    return bool(told["reached"])


async def finds_the_exchange(rig: BrokerRig, driver: DockerDriver, pool_id: str) -> None:
    """Within moments: its container runs before it listens."""
    await eventually(lambda: reaches(rig, driver, pool_id, "paper-exchange", 9000), message="the exchange is reached")


def address(rig: BrokerRig, pool_id: str) -> str:
    networks: dict[str, Any] = rig.inspect(pool_id)["NetworkSettings"]["Networks"]
    return str(next(iter(networks.values()))["IPAddress"])


async def test_two_tenants_cannot_reach_each_other(rig: BrokerRig) -> None:
    driver = rig.driver()
    for pool_id, tenant in (("pool-a", "usr-1"), ("pool-b", "usr-2"), ("pool-c", "usr-1")):
        await driver.ensure(pool(pool_id, tenant))
        await rig.listening(driver, pool_id)
    assert await reaches(rig, driver, "pool-a", address(rig, "pool-c"), 8700), "the probe can find something"
    assert not await reaches(rig, driver, "pool-a", address(rig, "pool-b"), 8700)
    assert not await reaches(rig, driver, "pool-b", address(rig, "pool-a"), 8700)
    assert not await reaches(rig, driver, "pool-b", "pool-a", 8700)
    for pool_id in ("pool-a", "pool-b", "pool-c"):
        assert not any(rig.inspect(pool_id)["NetworkSettings"]["Ports"].values()), "nothing is published"


async def test_without_egress_networks_are_internal_and_pools_are_reached_all_the_same(rig: BrokerRig) -> None:
    await rig.restart(egress=False)
    driver = rig.driver()
    await driver.ensure(pool())
    await rig.listening(driver)
    network = rig.docker.inspect_network(f"flotilla-{rig.installation}-t-usr-1")
    assert network["Internal"] is True
    assert rig.inspect()["HostConfig"]["Dns"] == ["127.0.0.1"]
    assert not await reaches(rig, driver, "pool-a", "169.254.169.254", 80)


async def test_the_paper_exchange_is_in_every_tenants_network(rig: BrokerRig) -> None:
    driver, client = rig.driver(), rig.client()
    await driver.ensure(pool("pool-a", "usr-1"))
    assert await client.paper() is None
    paper = await client.ensure_paper(PaperSpec(image=rig.image, symbols=20))
    await driver.ensure(pool("pool-b", "usr-2"))
    assert (paper.url, paper.running) == ("http://paper-exchange:9000", True)
    for pool_id in ("pool-a", "pool-b"):
        await finds_the_exchange(rig, driver, pool_id)
    told = rig.docker.inspect_container(f"flotilla-{rig.installation}.paper-exchange")
    assert told["Config"]["User"] == "10001:10001"
    assert (told["HostConfig"]["CapDrop"], told["HostConfig"]["CapAdd"]) == (["ALL"], None)
    assert told["HostConfig"]["ReadonlyRootfs"] is True
    assert await client.ensure_paper(PaperSpec(image=rig.image, symbols=20)) == paper
    rig.docker.disconnect_container_from_network(told["Id"], f"flotilla-{rig.installation}-t-usr-2", force=True)
    cut = await client.paper()
    assert cut is not None
    assert not cut.running, "one that pools cannot find is asked for again"
    assert await client.ensure_paper(PaperSpec(image=rig.image, symbols=20)) == paper
    await finds_the_exchange(rig, driver, "pool-b")
    await driver.purge("pool-b")
    assert not rig.docker.networks(names=[f"flotilla-{rig.installation}-t-usr-2"]), "its subnet is given back"
    await client.remove_paper()
    assert await client.paper() is None
    again = await client.ensure_paper(PaperSpec(image=rig.image, symbols=20))
    assert again.running
    await finds_the_exchange(rig, driver, "pool-a")


async def test_a_new_container_of_the_control_plane_finds_its_way_to_living_pools(rig: BrokerRig) -> None:
    """Here it is one that only sleeps: that it is in the pool's network again is what the broker sees to."""
    name = f"{rig.installation}-control-plane"
    await rig.restart(control_plane_container=name)
    network = f"flotilla-{rig.installation}-t-usr-1"
    driver = rig.driver()

    def replace() -> None:
        made = rig.docker.create_container(rig.image, entrypoint=["sleep", "1000"], name=name)
        rig.docker.start(made["Id"])

    def networks() -> dict[str, Any]:
        return dict(rig.docker.inspect_container(name)["NetworkSettings"]["Networks"])

    replace()
    try:
        await driver.ensure(pool())
        await rig.listening(driver)
        assert network in networks()
        rig.docker.remove_container(name, force=True)
        replace()
        await rig.client().mend("pool-a")
        assert network in networks()
        await driver.purge("pool-a")
        assert network not in networks()
    finally:
        rig.docker.remove_container(name, force=True)
