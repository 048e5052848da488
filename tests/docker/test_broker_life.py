"""The broker's own life: adopted pools, events, images, and a daemon that goes."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from orchestrator.broker.contract import ContainerEvent, PoolContainer, RefusalCode, Refused
from orchestrator.pools.drivers import CannotStartPool, CannotUseImage, DriverUnavailable
from tests.docker.broker_rig import BrokerRig, build_image, pool
from tests.support import eventually


async def test_a_restarted_broker_adopts_what_runs(rig: BrokerRig) -> None:
    driver = rig.driver()
    await driver.ensure(pool())
    endpoint, container = await rig.listening(driver), rig.inspect()["Id"]
    await rig.stop()
    observation = await driver.observe("pool-a")
    assert (observation.alive, observation.known) == (True, False)
    assert observation.endpoint == endpoint, "it is talked to while nobody can look at it"
    assert "python -m orchestrator.broker" in str(observation.problem)
    with pytest.raises(DriverUnavailable, match="does not answer"):
        await driver.list()
    await rig.start()
    second = rig.driver()
    await second.ensure(pool())
    assert await rig.listening(second) == endpoint
    assert rig.inspect()["Id"] == container
    assert await rig.starts(second) == 1


async def test_two_control_planes_that_start_a_pool_at_once_start_one(rig: BrokerRig) -> None:
    """Both think that they lead: they depose each other, so one may have to try again."""
    first, second = rig.driver(), rig.driver()
    attempts = [first.ensure(pool()), second.ensure(pool()), first.ensure(pool())]
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)
    assert None in outcomes
    assert all(outcome is None or "only who leads acts" in str(outcome) for outcome in outcomes), outcomes
    assert await rig.listening(first) == await rig.listening(second)
    assert len(rig.running_on_volume()) == 1
    assert await rig.starts(first) == 1


async def test_a_container_for_files_that_a_killed_broker_left_is_in_nobodys_way(rig: BrokerRig) -> None:
    driver = rig.driver()
    await driver.ensure(pool())
    await driver.stop("pool-a", graceful=False)
    labels = {"flotilla.installation": rig.installation, "flotilla.role": "files"}
    options = rig.docker.create_host_config(binds=[f"{rig.name()}:/pool"])
    rig.docker.create_container(rig.image, name=f"{rig.name()}.files", labels=labels, host_config=options)
    await driver.ensure(pool())
    assert await rig.starts(driver) == 2


class Wire:
    """What lies between the broker and its daemon, to be cut."""

    def __init__(self, path: Path, daemon: str) -> None:
        self._path = path
        self._daemon = daemon.removeprefix("unix://")
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def join(self) -> None:
        self._server = await asyncio.start_unix_server(self._carry, self._path)

    def cut(self) -> None:
        assert self._server is not None
        self._server.close()
        self._path.unlink(missing_ok=True)
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_unix_connection(self._daemon)
        self._writers |= {writer, far_writer}
        await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer), return_exceptions=True)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while chunk := await reader.read(65_536):
                writer.write(chunk)
                await writer.drain()
        writer.close()


async def test_a_daemon_that_goes_and_comes_back(rig: BrokerRig, tmp_path: Path) -> None:
    wire = Wire(tmp_path / "docker.sock", rig.settings.docker_host)
    await wire.join()
    await rig.restart(docker_host=f"unix://{tmp_path}/docker.sock")
    driver = rig.driver()
    actions: list[str] = []

    async def listen() -> None:
        async for event in driver.hints():
            actions.append(event.action)

    listening = asyncio.create_task(listen())
    await driver.ensure(pool())
    endpoint = await rig.listening(driver)
    await eventually(lambda: "start" in actions)
    before = actions.count("resync")
    wire.cut()
    observation = await driver.observe("pool-a")
    assert (observation.alive, observation.known, observation.endpoint) == (True, False, endpoint)
    assert "start the daemon" in str(observation.problem)
    with pytest.raises(CannotStartPool, match="start the daemon"):
        await driver.ensure(pool("pool-b"))
    await wire.join()

    async def known() -> bool:
        return (await driver.observe("pool-a")).known

    await eventually(known, message="the broker finds the daemon again")
    await eventually(lambda: actions.count("resync") > before, message="events resync")
    assert await rig.starts(driver) == 1
    listening.cancel()
    wire.cut()


async def test_another_installation_is_not_touched(rig: BrokerRig) -> None:
    await rig.driver().ensure(pool())
    others = rig.settings.model_copy(update={"installation": "test-other", "socket": rig.settings.socket.parent / "o"})
    own = rig.settings
    await rig.restart(installation=others.installation, socket=others.socket)
    try:
        assert await rig.driver().list() == []
        await rig.driver().stop("pool-a", graceful=False)
        await rig.driver().purge("pool-a")
    finally:
        await rig.restart(installation=own.installation, socket=own.socket)
    assert rig.inspect()["State"]["Running"]


async def test_events_are_told_and_begin_with_a_resync(rig: BrokerRig) -> None:
    driver = rig.driver()
    told: list[ContainerEvent] = []

    async def listen() -> None:
        async for event in driver.hints():
            told.append(event)

    listening = asyncio.create_task(listen())
    await eventually(lambda: told, message="the first event")
    assert told[0].action == "resync"
    await driver.ensure(pool())
    await eventually(lambda: [event for event in told if event.action == "start"])
    await driver.stop("pool-a", graceful=True)
    await eventually(lambda: [event for event in told if event.action == "die"])
    assert {event.pool_id for event in told if event.action in ("start", "die")} == {"pool-a"}
    await rig.stop()
    with pytest.raises(DriverUnavailable):
        await asyncio.wait_for(listening, 60)


async def test_images_that_are_not_right(rig: BrokerRig) -> None:
    driver = rig.driver()
    with pytest.raises(CannotStartPool, match="FLOTILLA_BROKER_ALLOWED_IMAGES"):
        await driver.ensure(pool(image="debian:12"))
    with pytest.raises(CannotStartPool, match="build it"):
        await driver.ensure(pool(image="flotilla-absent:1"))
    build_image(rig.docker, "flotilla-fake-pool:old", f'FROM {rig.image}\nLABEL flotilla.protocol="0"\n')
    await driver.check_image(rig.image)
    for image, why in (
        ("flotilla-fake-pool:old", "speaks protocol 0"),
        ("flotilla-absent:1", "does not have the image"),
        ("flotilla-base:dev", "FLOTILLA_BROKER_ALLOWED_IMAGES"),
    ):
        with pytest.raises(CannotUseImage, match=why):
            await driver.check_image(image)
    with pytest.raises(CannotStartPool, match=r"speaks protocol 0 .* use the image of the same release"):
        await driver.ensure(pool(image="flotilla-fake-pool:old"))
    assert await driver.list() == [], "nothing was made"


async def test_logs_memory_and_cpu_are_told(rig: BrokerRig) -> None:
    driver, client = rig.driver(), rig.client()
    await driver.ensure(pool())
    await rig.listening(driver)

    async def read_twice() -> PoolContainer | None:
        found = await client.pool("pool-a")
        return found if found is not None and found.cpu_percent is not None else None

    again = await eventually(read_twice)
    assert again is not None
    assert again.memory_bytes is not None
    assert 2**20 < again.memory_bytes < 256 * 2**20 == again.memory_limit_bytes
    assert (again.image, again.protocol, again.tenant_id) == (rig.image, 1, "usr-1")
    assert await client.logs("pool-a") == ""
    with pytest.raises(Refused) as told:
        await client.logs("pool-x")
    assert told.value.refusal.code is RefusalCode.NOT_FOUND


@pytest.fixture
async def broker(rig: BrokerRig) -> AsyncIterator[subprocess.Popen[bytes]]:
    """`python -m orchestrator.broker` in the place of the rig's own."""
    await rig.stop()
    environment = {
        **os.environ,
        "FLOTILLA_BROKER_DOCKER_HOST": rig.settings.docker_host,
        "FLOTILLA_BROKER_SOCKET": str(rig.settings.socket),
        "FLOTILLA_BROKER_INSTALLATION": rig.installation,
        "FLOTILLA_BROKER_ALLOWED_IMAGES": '["flotilla-fake-pool:*"]',
    }
    process = subprocess.Popen([sys.executable, "-m", "orchestrator.broker"], env=environment)
    yield process
    if process.poll() is None:
        process.kill()
        process.wait()


async def test_as_a_process_it_may_be_killed(rig: BrokerRig, broker: subprocess.Popen[bytes]) -> None:
    socket: Path = rig.settings.socket

    async def answers() -> bool:
        with contextlib.suppress(Refused):
            return bool(await rig.client().node())
        return False

    await eventually(answers, message="it listens")
    driver = rig.driver()
    await driver.ensure(pool())
    assert socket.stat().st_mode & 0o777 == 0o660
    os.kill(broker.pid, signal.SIGKILL)
    broker.wait()
    assert rig.inspect()["State"]["Running"]
    await rig.start()
    assert (await driver.observe("pool-a")).known
