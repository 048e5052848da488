"""The broker without a daemon that helps: what clients are told, and who may ask."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import docker
import httpx
import pytest
import requests
from aiohttp import web
from pydantic import SecretStr, ValidationError

from orchestrator.__main__ import ControlPlane
from orchestrator.broker.__main__ import CannotStart, bind
from orchestrator.broker.contract import PoolSpec, RefusalCode, Refused
from orchestrator.broker.docker_api import DockerApi
from orchestrator.broker.names import IMAGE_ID, INSTALLATION, POOL, PROTOCOL, ROLE, TENANT
from orchestrator.broker.refusals import translated
from orchestrator.broker.server import Broker
from orchestrator.broker.settings import BrokerSettings
from orchestrator.errors import DisksUnknown, InvalidSpec
from orchestrator.exchanges.companion import CannotStartCompanion
from orchestrator.exchanges.paper_container import BrokerPaperExchange
from orchestrator.kit.clock import utc_now
from orchestrator.pools.disks import PoolDisk
from orchestrator.pools.drivers import CannotStartPool, DriverUnavailable
from orchestrator.pools.drivers.broker_client import BrokerClient
from orchestrator.pools.drivers.docker import DockerDriver
from orchestrator.pools.models import PoolModel
from orchestrator.settings import OrchestratorSettings
from pool.contract import PROTOCOL_VERSION

A_POOL = PoolModel(
    id="pool-a",
    node="docker",
    driver="docker",
    slots_total=1,
    desired_state="running",
    observed_state="stopped",
    conditions=[],
    created_at=utc_now(),
)


@pytest.fixture
def settings(tmp_path: Path) -> BrokerSettings:
    return BrokerSettings(docker_host=f"unix://{tmp_path}/no-daemon.sock", socket=tmp_path / "broker.sock")


async def serve(settings: BrokerSettings) -> web.AppRunner:
    runner = web.AppRunner(Broker(settings).application(), shutdown_timeout=1)
    await runner.setup()
    await web.SockSite(runner, bind(settings.socket, settings.socket_mode, None)).start()
    return runner


@pytest.fixture
async def client(settings: BrokerSettings) -> AsyncIterator[BrokerClient]:
    runner = await serve(settings)
    client = BrokerClient(settings.socket)
    yield client
    await client.aclose()
    await runner.cleanup()


async def test_a_daemon_that_is_not_there_is_told_with_its_remedy(client: BrokerClient) -> None:
    driver = DockerDriver(client, "flotilla-pool:dev")
    with pytest.raises(CannotStartPool, match="start the daemon"):
        await driver.ensure(A_POOL)
    observation = await driver.observe("pool-a")
    assert (observation.alive, observation.known, observation.endpoint) == (True, False, None)
    assert "start the daemon" in str(observation.problem)
    with pytest.raises(DriverUnavailable, match="start the daemon"):
        await driver.node()
    with pytest.raises(CannotStartCompanion, match="start the daemon"):
        await BrokerPaperExchange(client, "flotilla-pool:dev").ensure()


async def test_an_image_is_judged_before_a_pool_is_made_of_it(
    client: BrokerClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the whole way from an administrator's request to the broker, whose daemon has some images."""
    labels = {"flotilla-pool:good": {PROTOCOL: str(PROTOCOL_VERSION)}, "flotilla-pool:old": {PROTOCOL: "0"}}

    def inspect(reference: str) -> dict[str, Any]:
        if reference == "flotilla-pool:missing":
            raise docker.errors.ImageNotFound("No such image")
        return {"Id": "sha256:1", "Config": {"Labels": labels.get(reference)}}

    settings = OrchestratorSettings(home=tmp_path / "home", pool_driver="docker", pool_image="flotilla-pool:good")
    control = ControlPlane(settings, drivers={"docker": DockerDriver(client, "flotilla-pool:good")})
    await control.check_image("flotilla-pool:good")  # without a daemon nobody can tell
    monkeypatch.setattr(DockerApi, "client", property(lambda _: SimpleNamespace(inspect_image=inspect)))
    await control.check_image("flotilla-pool:good")
    for image, why in (
        ("flotilla-pool:missing", "build it"),
        ("flotilla-pool:old", "speaks protocol 0"),
        ("flotilla-pool:not-ours", "protocol unknown"),
        ("alpine:3", "FLOTILLA_BROKER_ALLOWED_IMAGES"),
    ):
        with pytest.raises(InvalidSpec, match=why) as told:
            await control.check_image(image)
        assert told.value.params["field"] == "image"


async def test_what_removed_pools_left_is_told_by_volumes_in_two_questions(
    client: BrokerClient, settings: BrokerSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = OrchestratorSettings(home=tmp_path / "home", pool_driver="docker")
    control = ControlPlane(told, drivers={"docker": DockerDriver(client, told.pool_image)})
    with pytest.raises(DisksUnknown, match="start the daemon"):
        await control.pool_disks()
    named = f"flotilla-{settings.installation}-pool"
    labels = {INSTALLATION: settings.installation, ROLE: "pool"}
    volumes = [
        {"Name": f"{named}-b", "Labels": {**labels, POOL: "pool-b", TENANT: "user-one", IMAGE_ID: "sha256:1"}},
        {"Name": f"{named}-a", "Labels": {**labels, POOL: "pool-a"}},
        {"Name": f"{named}-copy", "Labels": {**labels, POOL: "pool-a"}},
        {"Name": f"{named}-bad", "Labels": {**labels, POOL: "../etc"}},
        {"Name": f"{named}-other", "Labels": {**labels, INSTALLATION: "other", POOL: "pool-other"}},
    ]
    containers = [
        {"State": "running", "Mounts": [{"Type": "volume", "Name": f"{named}-a"}]},
        {"State": "exited", "Mounts": [{"Type": "volume", "Name": f"{named}-b"}]},
    ]
    docker_told = SimpleNamespace(volumes=lambda **_: {"Volumes": volumes}, containers=lambda **_: containers)
    monkeypatch.setattr(DockerApi, "client", property(lambda _: docker_told))
    assert await control.pool_disks() == {
        "docker": [
            PoolDisk("pool-a", in_use=True),
            PoolDisk("pool-b", in_use=False, tenant_id="user-one", image_id="sha256:1"),
        ]
    }


async def test_it_is_a_503_on_the_wire(client: BrokerClient, settings: BrokerSettings) -> None:
    async with httpx.AsyncClient(
        transport=httpx.AsyncHTTPTransport(uds=str(settings.socket)), base_url="http://broker", trust_env=False
    ) as http:
        response = await http.get("/v1/node")
        assert (response.status_code, response.json()["code"]) == (503, "docker_unreachable")
        for path in ("/v1/pools/..%2Fetc", "/v1/pools/Capital", f"/v1/pools/{'a' * 41}", "/containers/json"):
            response = await http.get(path)
            assert (response.status_code, response.json()["code"]) == (400, "invalid"), path
        response = await http.delete("/v1/volumes/pool-a?confirm=pool-b")
        assert (response.status_code, response.json()["code"]) == (400, "invalid")
        for headers in ({}, {"Flotilla-Term": "guessed"}):
            response = await http.delete("/v1/pools/pool-a", headers=headers)
            assert (response.status_code, response.json()["code"]) == (409, "deposed"), "nobody leads yet"
        response = await http.put(
            "/v1/pools/pool-a", json={"image": "x", "agent_token": "the secret", "privileged": True}
        )
        assert (response.status_code, response.json()["code"]) == (400, "invalid")
        assert "the secret" not in response.text
        assert "privileged" in response.text


async def test_the_socket_is_for_its_group_alone_and_one_broker(client: BrokerClient, settings: BrokerSettings) -> None:
    assert settings.socket.stat().st_mode & 0o777 == 0o660
    with pytest.raises(CannotStart, match="already listens"):
        bind(settings.socket, 0o660, None)


async def test_a_socket_that_a_killed_broker_left_is_replaced(tmp_path: Path) -> None:
    bind(tmp_path / "socket", 0o660, None).close()
    bind(tmp_path / "socket", 0o600, None).close()
    assert (tmp_path / "socket").stat().st_mode & 0o777 == 0o600


async def test_other_users_are_refused(settings: BrokerSettings) -> None:
    for uids, code in (
        ([os.getuid() + 1], RefusalCode.NOT_ALLOWED),
        ([os.getuid()], RefusalCode.DOCKER_UNREACHABLE),
    ):
        runner = await serve(settings.model_copy(update={"allowed_uids": uids}))
        client = BrokerClient(settings.socket)
        with pytest.raises(Refused) as told:
            await client.pools()
        assert told.value.refusal.code is code
        await client.aclose()
        await runner.cleanup()


async def test_no_broker_is_told_with_its_remedy(tmp_path: Path) -> None:
    client = BrokerClient(tmp_path / "nobody.sock")
    driver = DockerDriver(client, "flotilla-pool:dev")
    with pytest.raises(CannotStartPool, match=r"python -m orchestrator\.broker"):
        await driver.ensure(A_POOL)
    with pytest.raises(DriverUnavailable, match="does not answer"):
        await driver.stop("pool-a", graceful=True)
    await client.aclose()


@pytest.mark.parametrize(
    ("explanation", "code"),
    [
        ("write /x: no space left on device", RefusalCode.DISK_FULL),
        (
            "could not find an available, non-overlapping IPv4 address pool among the defaults",
            RefusalCode.NO_ADDRESS_SPACE,
        ),
        ("all predefined address pools have been fully subnetted", RefusalCode.NO_ADDRESS_SPACE),
        ('The container name "/x" is already in use by container "abc"', RefusalCode.NAME_TAKEN),
        ("remove x: volume is in use - [abc]", RefusalCode.IN_USE),
        ("something new", RefusalCode.DOCKER_FAILED),
    ],
)
def test_what_docker_says_becomes_what_to_do(explanation: str, code: RefusalCode) -> None:
    response = requests.Response()
    response.status_code = 500
    with pytest.raises(Refused) as told, translated("try"):
        raise docker.errors.APIError("500", response=response, explanation=explanation)
    assert told.value.refusal.code is code
    assert told.value.refusal.message.startswith("Docker could not try: ")


@pytest.mark.parametrize(
    ("allowed", "image", "passes"),
    [
        ("flotilla-pool:*", "flotilla-pool:1.0", True),
        ("flotilla-pool:*", "flotilla-pool", True),
        ("flotilla-pool:*", "flotilla-pool-evil:1.0", False),
        ("flotilla-pool:*", "evil/flotilla-pool:1.0", False),
        ("flotilla-pool:*", "flotilla-pool@sha256:00", False),
        ("host:5000/flotilla-pool:*", "host:5000/flotilla-pool:2", True),
        ("flotilla-pool:1", "flotilla-pool:2", False),
        ("flotilla-pool@sha256:00", "flotilla-pool@sha256:00", True),
    ],
)
def test_images_are_allowed_by_name_or_exactly(allowed: str, image: str, passes: bool) -> None:
    assert BrokerSettings(allowed_images=[allowed]).allows(image) is passes


@pytest.mark.parametrize("allowed", ["*", "*:1", "flotilla*", "", "a:*b"])
def test_wider_allow_lists_are_refused(allowed: str) -> None:
    with pytest.raises(ValidationError):
        BrokerSettings(allowed_images=[allowed])


def test_tokens_are_masked_but_on_the_socket() -> None:
    spec = PoolSpec(tenant_id=None, image="i", slots_total=1, settings={}, agent_token=SecretStr("the token"))
    assert "the token" not in repr(spec) + str(spec.model_dump_json())
    assert b"the token" in spec.to_json(reveal_secrets=True)
