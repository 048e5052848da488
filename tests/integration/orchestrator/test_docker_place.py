"""The pools of a database are of one installation on one Docker daemon: elsewhere nothing is started, or removed."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from orchestrator.__main__ import ControlPlane
from orchestrator.broker.contract import BROKER_PROTOCOL, BrokerTerm, Node, Refusal, RefusalCode
from orchestrator.db.engine import Database
from orchestrator.db.settle import settle
from orchestrator.errors import Conflict
from orchestrator.leader.installation import docker_problem
from orchestrator.pools.drivers import CannotStartPool, DriverUnavailable
from orchestrator.pools.drivers.docker import DockerDriver
from orchestrator.settings import OrchestratorSettings
from tests.docker.broker_rig import pool

HERE, THERE = "flotilla@AAAA", "flotilla@BBBB"


class Broker:
    """One that has no pool; `place` is where it is, `acts` what it was asked to do, `terms` how often somebody led."""

    def __init__(self) -> None:
        self.place: str | None = HERE
        self.acts: list[str] = []
        self.terms = 0

    async def answer(self, request: web.Request) -> web.Response:
        if request.path == "/v1/terms":
            self.terms += 1
            return web.Response(body=BrokerTerm(term="1").to_json())
        if request.path == "/v1/node":
            node = Node(
                protocol=BROKER_PROTOCOL, name="docker", place=self.place, docker="27", cores=1, memory_bytes=1,
                memory_available_bytes=None, disk_free_bytes=None, cgroup="2",
            )  # fmt: skip
            return web.Response(body=node.to_json())
        if request.method != "GET":
            self.acts.append(f"{request.method} {request.path}")
        refusal = Refusal(code=RefusalCode.NOT_FOUND, message="There is none.")
        return web.Response(status=404, body=refusal.to_json())


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Broker]:
    made, app = Broker(), web.Application()
    app.router.add_route("*", "/{path:.*}", made.answer)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    await web.UnixSite(runner, str(tmp_path / "b.sock")).start()
    yield made
    await runner.cleanup()


def control_plane(tmp_path: Path, accept: str | None = None) -> ControlPlane:
    settings = OrchestratorSettings(
        home=tmp_path / "home",
        pool_driver="docker",
        broker_socket=tmp_path / "b.sock",
        paper_exchange=False,
        gateway=False,
        accept_docker=accept,
    )
    return ControlPlane(settings)


async def starts(tmp_path: Path, accept: str | None = None) -> None:
    control = control_plane(tmp_path, accept)
    await control.start()
    await control.stop(pools=False)


async def test_the_first_place_is_kept_and_another_one_is_refused_until_it_is_accepted(
    tmp_path: Path, broker: Broker
) -> None:
    await starts(tmp_path)
    broker.place = THERE
    with pytest.raises(Conflict) as refused:
        await starts(tmp_path)
    for part in (HERE, THERE, f"FLOTILLA_ORCH_ACCEPT_DOCKER={THERE}"):
        assert part in refused.value.message
    with pytest.raises(Conflict, match="FLOTILLA_ORCH_ACCEPT_DOCKER"):
        await starts(tmp_path, accept="flotilla@CCCC")
    await starts(tmp_path, accept=THERE)
    await starts(tmp_path)
    broker.place = HERE
    with pytest.raises(Conflict, match=f"FLOTILLA_ORCH_ACCEPT_DOCKER={HERE}"):
        await starts(tmp_path, accept=THERE)


async def test_a_daemon_that_comes_in_the_place_of_another_gets_nothing_to_do(tmp_path: Path, broker: Broker) -> None:
    await starts(tmp_path)
    broker.place = None  # it cannot be told while this one starts
    control = control_plane(tmp_path)
    await control.start()
    try:
        client = control._runtime.broker
        assert client is not None
        driver = DockerDriver(client, "image")
        broker.place = THERE
        client.belong(control._docker_problem)  # as with the next term
        broker.acts.clear()
        broker.terms = 0
        with pytest.raises(CannotStartPool, match="nothing is started here"):
            await driver.ensure(pool())
        with pytest.raises(DriverUnavailable, match=THERE):
            await driver.remove("pool-a")
        with pytest.raises(DriverUnavailable, match=THERE):
            await driver.purge("pool-a")
        assert broker.acts == []
        assert broker.terms == 0, "whoever leads there is not deposed"
        observation = await driver.observe("pool-a")
        assert (observation.alive, observation.known) == (True, False), "it may well run where it was"
        broker.place = HERE
        assert (await driver.observe("pool-a")).known
        with pytest.raises(CannotStartPool, match="There is none"):
            await driver.ensure(pool())
        assert broker.acts == ["PUT /v1/pools/pool-a"]
    finally:
        await control.stop(pools=False)


async def test_a_restored_database_has_its_pools_wherever_it_is_started(tmp_path: Path, broker: Broker) -> None:
    await starts(tmp_path)
    url = f"sqlite+aiosqlite:///{tmp_path}/home/flotilla.db"
    await settle(url, "docker")
    database = Database(url)
    try:
        assert await docker_problem(database, None, THERE) is None
        assert await docker_problem(database, None, HERE) is not None
    finally:
        await database.close()
