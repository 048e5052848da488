"""Level-triggered against Docker: whatever is done to it by hand, the next looks set right; never two on one volume."""

import os
import subprocess
from typing import Any

import pytest

from orchestrator.pools.drivers import CannotStartPool, DriverUnavailable
from tests.docker.broker_rig import BrokerRig, in_thread, pool
from tests.support import eventually


async def test_a_removed_container_comes_back_with_its_data(rig: BrokerRig) -> None:
    driver = rig.driver()
    await driver.ensure(pool())
    token = (await rig.listening(driver)).token
    rig.docker.remove_container(rig.name(), force=True)
    assert not (await driver.observe("pool-a")).alive
    assert await driver.list() == ["pool-a"], "its volume is there"
    await driver.ensure(pool())
    assert await rig.starts(driver) == 2, "on the same volume"
    assert (await rig.listening(driver)).token == token, "which keeps its token"


async def test_a_stopped_one_is_started_again_as_it_was(rig: BrokerRig) -> None:
    driver = rig.driver()
    await driver.ensure(pool())
    before, endpoint = rig.inspect(), await rig.listening(driver)
    await in_thread(rig.docker.stop, rig.name(), timeout=2)
    assert not (await driver.observe("pool-a")).alive
    await driver.ensure(pool())
    assert rig.inspect()["Id"] == before["Id"]
    assert (await rig.listening(driver)).token == endpoint.token


async def test_another_image_or_limit_takes_hold_at_the_next_start_only(rig: BrokerRig) -> None:
    driver = rig.driver()
    await driver.ensure(pool())
    first = rig.inspect()["Id"]
    await driver.ensure(pool(slots_total=9))
    assert rig.inspect()["Id"] == first, "one that runs is left alone"
    await driver.stop("pool-a", graceful=True)
    await driver.ensure(pool(slots_total=9))
    assert rig.inspect()["Id"] != first
    assert rig.inspect()["HostConfig"]["PidsLimit"] == 256 + 9 * 64
    assert await rig.starts(driver) == 2, "on the same volume"


async def test_paused_renamed_and_cut_off_by_hand(rig: BrokerRig) -> None:
    driver = rig.driver()
    await driver.ensure(pool())
    container = rig.inspect()["Id"]
    network = f"flotilla-{rig.installation}-t-usr-1"
    await rig.listening(driver)
    rig.docker.pause(container)
    rig.docker.rename(container, f"{rig.name()}-mine")
    rig.docker.connect_container_to_network(container, "bridge")
    rig.docker.disconnect_container_from_network(container, network)
    rig.docker.remove_network(network)
    rig.docker.update_container(container, restart_policy={"Name": "no"})
    assert (await driver.observe("pool-a")).alive
    told = rig.inspect()
    assert told["Id"] == container, "the same one, under its name again"
    assert (told["State"]["Status"], list(told["NetworkSettings"]["Networks"])) == ("running", [network])
    assert told["HostConfig"]["RestartPolicy"]["Name"] == "unless-stopped"
    assert await rig.starts(driver) == 1, "it never stopped"


async def test_limits_changed_by_hand_are_set_right_while_it_runs(rig: BrokerRig) -> None:
    driver = rig.driver()
    await driver.ensure(pool())
    await rig.listening(driver)
    made = rig.inspect()["HostConfig"]
    keys = ("Memory", "MemorySwap", "PidsLimit")
    update = ["docker", "update", "--memory=512m", "--memory-swap=1g", "--pids-limit=7", "--cpus=0.1", "--cpu-shares=2"]
    await in_thread(subprocess.run, [*update, rig.name()], env=rig.environment, check=True)
    found = await rig.client().pool("pool-a")
    assert found is not None
    assert found.drift == ["The container's limits were changed: CpuShares, Memory, MemorySwap, NanoCpus, PidsLimit."]
    observation = await driver.observe("pool-a")
    assert (observation.alive, observation.known, observation.problem) == (True, True, None)
    told = rig.inspect()["HostConfig"]
    assert [told[key] for key in keys] == [made[key] for key in keys]
    assert (told["NanoCpus"], told["CpuShares"]) == ((os.cpu_count() or 1) * 10**9, 1024), "as much as there is"
    found = await rig.client().pool("pool-a")
    assert found is not None
    assert found.drift == []
    assert await rig.starts(driver) == 1, "it never stopped"
    # The other way to say it, which Docker does not let be combined with the first.
    await driver.ensure(pool("pool-b"))
    update = ["docker", "update", "--cpu-quota=5000", rig.name("pool-b")]
    await in_thread(subprocess.run, update, env=rig.environment, check=True)
    await driver.observe("pool-b")
    assert rig.inspect("pool-b")["HostConfig"]["CpuQuota"] <= 0
    found = await rig.client().pool("pool-b")
    assert found is not None
    assert found.drift == []


async def test_a_stopped_one_whose_network_is_gone_starts_in_a_new_one(rig: BrokerRig) -> None:
    driver = rig.driver()
    await driver.ensure(pool())
    await driver.stop("pool-a", graceful=False)
    rig.docker.remove_network(f"flotilla-{rig.installation}-t-usr-1")
    await driver.ensure(pool())
    assert await rig.starts(driver) == 2


def run_on_volume(rig: BrokerRig, name: str, labels: dict[str, str] | None = None) -> str:
    """What somebody does with `docker run -v`."""
    made = rig.docker.create_container(
        rig.image,
        entrypoint=["sleep", "1000"],
        name=name,
        labels=labels,
        host_config=rig.docker.create_host_config(binds=[f"{rig.name()}:/pool"]),
    )
    rig.docker.start(made["Id"])
    return str(made["Id"])


async def test_one_that_lost_its_labels_is_stopped_and_replaced(rig: BrokerRig) -> None:
    driver = rig.driver()
    await driver.ensure(pool())
    await rig.listening(driver)
    rig.docker.remove_container(rig.name(), force=True)
    stranger = run_on_volume(rig, rig.name())
    observation = await driver.observe("pool-a")
    assert (observation.alive, observation.problem) == (
        False,
        "Its container has lost its labels: it is stopped and replaced.",
    ), "so that whoever keeps pools calls ensure"
    await driver.ensure(pool())
    assert rig.inspect()["Id"] != stranger
    assert rig.running_on_volume() == [rig.inspect()["Id"]]
    assert await rig.starts(driver) == 2


async def test_a_second_container_of_the_pool_is_ended(rig: BrokerRig) -> None:
    driver = rig.driver()
    await driver.ensure(pool())
    labels = {"flotilla.installation": rig.installation, "flotilla.pool": "pool-a"}
    first = rig.inspect()["Id"]
    await driver.stop("pool-a", graceful=False)
    run_on_volume(rig, f"{rig.name()}-copy", labels)
    await driver.stop("pool-a", graceful=False)
    assert rig.running_on_volume() == [], "stop ends every container of the pool"
    await driver.ensure(pool())
    assert rig.running_on_volume() == [first]


async def test_nothing_starts_beside_a_stranger_on_the_volume(rig: BrokerRig) -> None:
    driver = rig.driver()
    await driver.ensure(pool())
    await driver.stop("pool-a", graceful=False)
    stranger = run_on_volume(rig, f"{rig.installation}-stranger")
    with pytest.raises(CannotStartPool, match="stop it first; two pools must not run on the same data"):
        await driver.ensure(pool())
    assert rig.running_on_volume() == [stranger]
    rig.docker.remove_container(stranger, force=True)
    await driver.ensure(pool())
    assert await rig.starts(driver) == 2


async def test_names_that_are_taken_are_told_and_left_alone(rig: BrokerRig) -> None:
    driver = rig.driver()
    network = rig.docker.create_network(f"flotilla-{rig.installation}-t-usr-1")["Id"]
    try:
        with pytest.raises(CannotStartPool, match=r"network .* exists that is not this installation's"):
            await driver.ensure(pool())
    finally:
        rig.docker.remove_network(network)
    rig.docker.create_volume(rig.name())
    try:
        with pytest.raises(CannotStartPool, match=r"volume .* exists that is not this installation's"):
            await driver.ensure(pool())
        with pytest.raises(DriverUnavailable, match="not this installation's; it stays"):
            await driver.purge("pool-a")
        assert rig.docker.inspect_volume(rig.name())
    finally:
        rig.docker.remove_volume(rig.name())
    made = rig.docker.create_container(rig.image, name=rig.name())["Id"]
    with pytest.raises(CannotStartPool, match="the name is taken"):
        await driver.ensure(pool())
    assert rig.inspect()["Id"] == made


async def test_only_purge_removes_data(rig: BrokerRig) -> None:
    driver = rig.driver()
    await driver.ensure(pool())
    await rig.listening(driver)
    await driver.remove("pool-a")
    assert not (await driver.observe("pool-a")).alive
    assert rig.docker.inspect_volume(rig.name())
    assert rig.docker.networks(names=[f"flotilla-{rig.installation}-t-usr-1"]) == [], "a subnet is given back"
    await driver.ensure(pool())
    assert await rig.starts(driver) == 2
    await driver.purge("pool-a")
    assert await driver.list() == []
    assert not rig.docker.volumes(filters={"name": rig.name()})["Volumes"]


async def test_what_we_stopped_stays_stopped_and_what_crashed_comes_back(rig: BrokerRig) -> None:
    """The daemon restarts what ended by itself; what was stopped on purpose it leaves alone."""
    driver = rig.driver()
    await driver.ensure(pool())
    await rig.listening(driver)
    pid = rig.inspect()["State"]["Pid"]
    executed = rig.docker.exec_create(rig.name(), ["python", "-c", "import os; os.kill(1, 15)"], user="10000")
    rig.docker.exec_start(executed["Id"])

    def again() -> Any:
        state = rig.inspect()["State"]
        return state["Running"] and state["Pid"] not in (0, pid)

    await eventually(again, message="Docker starts it again")
    await driver.stop("pool-a", graceful=True)
    told = rig.inspect()
    assert told["State"]["Status"] == "exited"
    assert told["HostConfig"]["RestartPolicy"]["Name"] == "unless-stopped"
    assert not (await driver.observe("pool-a")).alive


async def test_one_that_does_not_start_says_why(rig: BrokerRig) -> None:
    driver = rig.driver()
    await driver.ensure(pool())
    await rig.listening(driver)
    executed = rig.docker.exec_create(rig.name(), ["touch", "/pool/fail"], user="10000")
    rig.docker.exec_start(executed["Id"])
    await driver.restart(pool(), graceful=False)

    async def told() -> str | None:
        return (await driver.observe("pool-a")).problem

    reason: str | None = await eventually(told)
    assert reason == "It ended with status 1: The fake pool was told to fail."
    await driver.stop("pool-a", graceful=False)


async def test_one_that_ignores_sigterm_is_killed(rig: BrokerRig) -> None:
    driver = rig.driver()
    await driver.ensure(pool())
    await rig.listening(driver)
    executed = rig.docker.exec_create(rig.name(), ["touch", "/pool/deaf"], user="10000")
    rig.docker.exec_start(executed["Id"])
    await driver.restart(pool(), graceful=False)
    await rig.listening(driver)
    await driver.stop("pool-a", graceful=False)
    assert rig.inspect()["State"]["ExitCode"] == 137
    assert not (await driver.observe("pool-a")).alive
