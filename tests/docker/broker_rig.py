"""A broker in this process over a real daemon, with images of fake pools."""

import asyncio
import contextlib
import os
import tarfile
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import docker
import httpx
import pytest
from aiohttp import web

from orchestrator.broker.__main__ import bind
from orchestrator.broker.server import Broker
from orchestrator.broker.settings import BrokerSettings
from orchestrator.kit.clock import utc_now
from orchestrator.pools.client import AgentEndpoint
from orchestrator.pools.drivers import Surroundings
from orchestrator.pools.drivers.broker_client import BrokerClient
from orchestrator.pools.drivers.docker import DockerDriver
from orchestrator.pools.models import PoolModel
from tests.support import eventually

FAKE_IMAGE = "flotilla-fake-pool:test"
BASE_IMAGE = "flotilla-base:dev"
SURROUNDINGS = Surroundings("http://paper-exchange:9000", "http://gateway:9100")
_CONTEXT = Path(__file__).parent / "fake_pool"


def build_fake_image(client: Any) -> str:
    """On the base image that `scripts/base-image` makes."""
    build_image(
        client,
        FAKE_IMAGE,
        (_CONTEXT / "Dockerfile").read_text(),
        {name: _CONTEXT / name for name in ("agent.py", "simulator.py")},
    )
    return FAKE_IMAGE


def build_image(client: Any, tag: str, dockerfile: str, files: dict[str, Path] | None = None) -> None:
    context = BytesIO()
    with tarfile.open(fileobj=context, mode="w") as tar:
        entry = tarfile.TarInfo("Dockerfile")
        entry.size = len(dockerfile.encode())
        tar.addfile(entry, BytesIO(dockerfile.encode()))
        for name, file in (files or {}).items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = file.stat().st_size, 0o644
            tar.addfile(entry, BytesIO(file.read_bytes()))
    context.seek(0)
    told = list(client.build(fileobj=context, custom_context=True, tag=tag, rm=True, decode=True))
    errors = [line["error"] for line in told if "error" in line]
    assert not errors, errors


def remove_everything_of(client: Any, installation: str) -> None:
    """What carries the installation's label or name, and nothing else."""
    label = {"label": f"flotilla.installation={installation}"}
    prefix = f"flotilla-{installation}"
    volumes = client.volumes(filters=label)["Volumes"] or []
    found = client.containers(all=True, filters=label) + client.containers(all=True, filters={"name": prefix})
    for volume in volumes:
        found += client.containers(all=True, filters={"volume": volume["Name"]})
    for container in {one["Id"] for one in found}:
        with contextlib.suppress(docker.errors.NotFound):
            client.remove_container(container, force=True, v=True)
    for volume in volumes:
        client.remove_volume(volume["Name"])
    for network in client.networks(filters=label):
        client.remove_network(network["Id"])


@asynccontextmanager
async def broker_rig(directory: Path) -> AsyncIterator["BrokerRig"]:
    """A broker of an installation of its own, and all that it made gone afterwards. Skips without a daemon, but not
    where CI=true."""
    host = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    client = daemon(host)
    rig = BrokerRig(client, host, build_fake_image(client), directory, f"test-{uuid.uuid4().hex[:8]}")
    await rig.start()
    try:
        yield rig
    finally:
        await rig.aclose()
        remove_everything_of(client, rig.installation)
        client.close()


def daemon(host: str) -> Any:
    """A `docker.APIClient` of a daemon that answers."""
    try:
        return docker.APIClient(host, version="auto", timeout=60)
    except docker.errors.DockerException as error:
        if os.environ.get("CI") == "true":
            pytest.fail(f"CI=true, but no Docker daemon answers at {host}: {error}")
        pytest.skip(f"no Docker daemon answers at {host}")


class BrokerRig:
    """`restart` is what a killed and restarted broker is to its clients: nothing kept but what Docker holds."""

    def __init__(self, docker_client: Any, docker_host: str, image: str, directory: Path, installation: str) -> None:
        self.docker = docker_client
        self.image = image
        self.installation = installation
        uid_first = 1_000_000 + uuid.uuid4().int % 1000 * 100_000  # nobody else's on this daemon
        self.settings = BrokerSettings(
            docker_host=docker_host,
            socket=directory / "broker.sock",
            installation=installation,
            allowed_images=["flotilla-fake-pool:*", "flotilla-absent:1"],
            stop_seconds=2,
            uid_first=uid_first,
            uid_last=uid_first + 9_999,
            default_memory_bytes=256 * 2**20,
        )
        self._runner: web.AppRunner | None = None
        self._clients: list[BrokerClient] = []

    @property
    def environment(self) -> dict[str, str]:
        """For `docker`, the command."""
        return {**os.environ, "DOCKER_HOST": self.settings.docker_host}

    async def start(self, **changed: Any) -> None:
        self.settings = self.settings.model_copy(update=changed)
        self._runner = web.AppRunner(Broker(self.settings).application(), shutdown_timeout=1)
        await self._runner.setup()
        await web.SockSite(self._runner, bind(self.settings.socket, self.settings.socket_mode, None)).start()

    async def aclose(self) -> None:
        for client in self._clients:
            await client.aclose()
        await self.stop()

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def restart(self, **changed: Any) -> None:
        await self.stop()
        await self.start(**changed)

    def client(self) -> BrokerClient:
        client = BrokerClient(self.settings.socket)
        self._clients.append(client)
        return client

    def driver(self) -> DockerDriver:
        return DockerDriver(self.client(), self.image, lambda: SURROUNDINGS, stop_seconds=3)

    def name(self, pool_id: str = "pool-a") -> str:
        return f"flotilla-{self.installation}-{pool_id}"

    def inspect(self, pool_id: str = "pool-a") -> dict[str, Any]:
        return dict(self.docker.inspect_container(self.name(pool_id)))

    def running_on_volume(self, pool_id: str = "pool-a") -> list[str]:
        """Ids of all containers that run on the pool's volume."""
        return [one["Id"] for one in self.docker.containers(filters={"volume": self.name(pool_id)})]

    async def listening(self, driver: DockerDriver, pool_id: str = "pool-a") -> AgentEndpoint:
        async def listens() -> AgentEndpoint | None:
            return await driver.endpoint(pool_id)

        endpoint = await eventually(listens, message="the agent listens")
        assert endpoint is not None
        return endpoint

    async def starts(self, driver: DockerDriver, pool_id: str = "pool-a") -> int:
        """How often a pool was started on this volume: what it kept there tells."""
        return int((await ask(await self.listening(driver, pool_id), "/starts"))["starts"])


async def ask(endpoint: AgentEndpoint, path: str) -> dict[str, Any]:
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        response = await client.get(endpoint.url + path, headers={"Authorization": f"Bearer {endpoint.token}"})
    assert response.status_code == 200, response.text
    return dict(response.json())


async def in_thread(call: Any, *arguments: Any, **options: Any) -> Any:
    return await asyncio.to_thread(call, *arguments, **options)


def pool(pool_id: str = "pool-a", tenant_id: str | None = "usr-1", **changed: Any) -> PoolModel:
    values: dict[str, Any] = {
        "id": pool_id,
        "node": "docker",
        "driver": "docker",
        "slots_total": 7,
        "desired_state": "running",
        "observed_state": "stopped",
        "conditions": [],
        "tenant_id": tenant_id,
        "created_at": utc_now(),
    }
    return PoolModel(**{**values, **changed})
