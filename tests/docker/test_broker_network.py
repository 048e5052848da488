"""Who reaches whom: tenants' networks, the paper exchange and the gateway in all of them, and the world outside."""

from typing import Any

from orchestrator.broker.contract import GatewaySpec, PaperSpec
from orchestrator.pools.drivers.docker import DockerDriver
from tests.docker.broker_rig import BrokerRig, ask, pool
from tests.support import eventually


async def reaches(rig: BrokerRig, driver: DockerDriver, pool_id: str, host: str, port: int) -> bool:
    told = await ask(await rig.listening(driver, pool_id), f"/probe?host={host}&port={port}")
    return bool(told["reached"])


async def finds_the_exchange(rig: BrokerRig, driver: DockerDriver, pool_id: str) -> None:
    """Within moments: its container runs before it listens."""
    await eventually(lambda: reaches(rig, driver, pool_id, "paper-exchange", 9000), message="the exchange is reached")


async def finds_the_gateway(rig: BrokerRig, driver: DockerDriver, pool_id: str) -> None:
    await eventually(lambda: reaches(rig, driver, pool_id, "gateway", 9100), message="the gateway is reached")


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


async def test_the_gateway_is_in_every_tenants_network_and_opens_no_way_between_them(rig: BrokerRig) -> None:
    driver, client = rig.driver(), rig.client()
    await driver.ensure(pool("pool-a", "usr-1"))
    assert await client.gateway() is None
    spec = GatewaySpec(image=rig.image, paper=False)
    made = await client.ensure_gateway(spec)
    await driver.ensure(pool("pool-b", "usr-2"))
    assert (made.url, made.running) == ("http://gateway:9100", True)
    for pool_id in ("pool-a", "pool-b"):
        await finds_the_gateway(rig, driver, pool_id)
    for asking, other in (("pool-a", "pool-b"), ("pool-b", "pool-a")):
        assert not await reaches(rig, driver, asking, address(rig, other), 8700)
    name = f"flotilla-{rig.installation}.gateway"
    told = rig.docker.inspect_container(name)
    assert told["Config"]["User"] == "10003:10003"
    assert (told["HostConfig"]["CapDrop"], told["HostConfig"]["CapAdd"]) == (["ALL"], None)
    assert told["HostConfig"]["ReadonlyRootfs"] is True
    assert told["HostConfig"]["RestartPolicy"]["Name"] == "unless-stopped"
    assert told["HostConfig"]["Dns"] in (None, []), "it asks for exchanges' names"
    assert not any(told["NetworkSettings"]["Ports"].values()), "nothing is published"
    assert rig.docker.inspect_network(name)["Internal"] is False
    rig.docker.disconnect_container_from_network(told["Id"], f"flotilla-{rig.installation}-t-usr-2", force=True)
    cut = await client.gateway()
    assert cut is not None
    assert not cut.running, "one that pools cannot find is asked for again"
    assert await client.ensure_gateway(spec) == made
    assert rig.docker.inspect_container(name)["Id"] == told["Id"], "one that is as it shall be goes on"
    await finds_the_gateway(rig, driver, "pool-b")
    await driver.purge("pool-b")
    assert not rig.docker.networks(names=[f"flotilla-{rig.installation}-t-usr-2"]), "its subnet is given back"
    await client.remove_gateway()
    assert await client.gateway() is None
    assert rig.docker.inspect_volume(name), "what it keeps stays"


async def test_a_gateway_that_should_be_another_is_made_anew_and_a_paper_exchange_is_not(rig: BrokerRig) -> None:
    """The gateway of the release before would stay for good; the paper exchange holds what bots have open."""
    client = rig.client()
    gateway, paper = (f"flotilla-{rig.installation}.{role}" for role in ("gateway", "paper-exchange"))
    await client.ensure_paper(PaperSpec(image=rig.image, symbols=20))
    await client.ensure_gateway(GatewaySpec(image=rig.image, paper=False))
    before = rig.docker.inspect_container(gateway)["Id"], rig.docker.inspect_container(paper)["Id"]
    await client.ensure_paper(PaperSpec(image=rig.image, symbols=40))
    made = await client.ensure_gateway(GatewaySpec(image=rig.image, paper=True))
    assert made.running
    assert rig.docker.inspect_container(paper)["Id"] == before[1]
    assert rig.docker.inspect_container(gateway)["Id"] != before[0]
    await eventually(
        lambda: rig.docker.logs(gateway).split() == [b"told", b"http://paper-exchange:9000"], message="it is told"
    )
    own = f"flotilla-{rig.installation}.gateway"
    assert own not in rig.docker.inspect_container(paper)["NetworkSettings"]["Networks"], "that leads to the world"
    inside = rig.docker.inspect_container(gateway)["NetworkSettings"]["Networks"]
    assert paper in inside, "it finds the paper exchange before there is a tenant"


async def test_without_egress_the_gateway_has_none_either(rig: BrokerRig) -> None:
    await rig.restart(egress=False)
    await rig.client().ensure_gateway(GatewaySpec(image=rig.image, paper=True))
    name = f"flotilla-{rig.installation}.gateway"
    assert rig.docker.inspect_network(name)["Internal"] is True
    assert rig.docker.inspect_container(name)["HostConfig"]["Dns"] == ["127.0.0.1"]
