"""How often the Docker driver looks, and when it looks anew. The broker is a stand-in behind its client."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from orchestrator.broker.contract import (
    BrokerModel,
    BrokerTerm,
    ContainerEvent,
    PoolContainer,
    PoolImage,
    PoolSpec,
    Refusal,
    RefusalCode,
)
from orchestrator.errors import AgentUnreachable
from orchestrator.pools.client import AgentClient, AgentEndpoint
from orchestrator.pools.directory import AgentDirectory
from orchestrator.pools.drivers import CannotUseImage, DriverUnavailable
from orchestrator.pools.drivers import docker as driver_module
from orchestrator.pools.drivers.broker_client import BrokerClient
from orchestrator.pools.drivers.docker import DockerDriver
from tests.docker.broker_rig import pool
from tests.support import eventually

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def container(address: str | None = "10.213.0.2", **changed: Any) -> PoolContainer:
    values: dict[str, Any] = dict.fromkeys(PoolContainer.model_fields) | {
        "pool_id": "pool-a",
        "container_id": "c",
        "state": "running",
        "oom_killed": False,
        "started_at": NOW,
        "address": address,
        "agent_port": 8700,
        "labelled": True,
        "drift": [],
        "agent_token": "secret",
    }
    return PoolContainer.model_validate(values | changed)


class FakeBroker:
    """Answers looks with `container`, or `refusal`; counts them."""

    def __init__(self) -> None:
        self.container = container()
        self.refusal: Refusal | None = None
        self.mending: Refusal | None = None
        self.asked: str | None = None
        self.specs: list[PoolSpec] = []
        self.looks = 0
        self.mends = 0
        self.gate: asyncio.Event | None = None
        self.events: list[bytes] = []

    async def answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/events":
            return httpx.Response(200, content=b"".join(self.events))
        if request.url.path == "/v1/terms":
            return told(200, BrokerTerm(term="1"))
        refusal = self.refusal
        if request.url.path == "/v1/images":
            self.asked = request.url.params["reference"]
            image = PoolImage(reference=self.asked, image_id="sha256:1", freqtrade=None)
            return told(409, refusal) if refusal is not None else told(200, image)
        if request.method == "PUT":
            self.specs.append(PoolSpec.model_validate_json(request.content))
        if request.url.path.endswith("/mend"):
            self.mends += 1
            refusal = self.mending or refusal
            if refusal is None:
                self.container = self.container.model_copy(update={"drift": []})
        elif request.method == "GET":
            self.looks += 1
            if self.gate is not None:
                await self.gate.wait()
        return told(503, refusal) if refusal is not None else told(200, self.container)

    def refuse(self) -> None:
        self.refusal = Refusal(code=RefusalCode.DOCKER_UNREACHABLE, message="Docker does not answer: start it.")


def told(status: int, model: BrokerModel) -> httpx.Response:
    return httpx.Response(status, content=model.to_json(reveal_secrets=True))


class Connection:
    def close(self) -> None:
        pass


@pytest.fixture
def listening(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Addresses at which an agent listens."""
    addresses = {"10.213.0.2", "10.213.0.3"}

    async def connect(host: str, _: int) -> tuple[None, Connection]:
        if host not in addresses:
            raise ConnectionRefusedError
        return None, Connection()

    monkeypatch.setattr("orchestrator.pools.drivers.docker.asyncio.open_connection", connect)
    return addresses


@pytest.fixture
async def broker() -> FakeBroker:
    return FakeBroker()


@pytest.fixture
async def driver(
    broker: FakeBroker, listening: set[str], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[DockerDriver]:
    monkeypatch.setattr(driver_module, "_FRESH_SECONDS", 3600.0)  # no look grows old by itself
    client = BrokerClient(Path("/nowhere"), httpx.MockTransport(broker.answer))
    yield DockerDriver(client, "image")
    await client.aclose()


async def test_one_look_answers_many_calls(driver: DockerDriver, broker: FakeBroker) -> None:
    broker.gate = asyncio.Event()
    asking = [asyncio.create_task(driver.endpoint("pool-a")) for _ in range(20)]
    await eventually(lambda: broker.looks)
    broker.gate.set()
    assert set(await asyncio.gather(*asking)) == {AgentEndpoint("http://10.213.0.2:8700", "secret")}
    assert await driver.endpoint("pool-a") == await asking[0]
    assert broker.looks == 1
    await driver.observe("pool-a")
    assert broker.looks == 2, "whoever keeps pools looks himself"


async def test_a_look_grows_old(driver: DockerDriver, broker: FakeBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    await driver.endpoint("pool-a")
    broker.container = container("10.213.0.3")
    monkeypatch.setattr(driver_module, "_FRESH_SECONDS", 0.0)
    endpoint = await driver.endpoint("pool-a")
    assert endpoint is not None
    assert endpoint.url == "http://10.213.0.3:8700"


async def test_an_agent_that_does_not_listen_yet_is_looked_for_again(
    driver: DockerDriver, broker: FakeBroker, listening: set[str]
) -> None:
    listening.clear()
    assert await driver.endpoint("pool-a") is None
    listening.add("10.213.0.2")
    assert await driver.endpoint("pool-a") is not None
    assert broker.looks == 2


async def test_an_agent_that_does_not_answer_is_looked_at_anew(driver: DockerDriver, broker: FakeBroker) -> None:
    agents = AgentDirectory(driver.endpoint, driver.doubt)
    first = await agents.agent_for("pool-a")
    broker.container = container("10.213.0.3", started_at=NOW.replace(year=2027))
    assert await agents.agent_for("pool-a") is first

    def refuse(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    broken = AgentClient("pool-a", first.endpoint, httpx.MockTransport(refuse), doubt=driver.doubt)
    with pytest.raises(AgentUnreachable):
        await broken.slots()
    assert (await agents.agent_for("pool-a")).endpoint.url == "http://10.213.0.3:8700"
    await agents.aclose()


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(401, json={"code": "unauthorised", "message": "Who are you?", "params": {}}),
        httpx.Response(200, text="<html>"),
    ],
    ids=["refused", "nonsense"],
)
async def test_somebody_else_at_the_address_is_doubted(answer: httpx.Response) -> None:
    doubted: list[str] = []
    endpoint = AgentEndpoint("http://10.213.0.2:8700", "secret")
    client = AgentClient("pool-a", endpoint, httpx.MockTransport(lambda _: answer), doubt=doubted.append)
    with pytest.raises(AgentUnreachable):
        await client.slots()
    assert doubted == ["pool-a"]


async def test_a_look_from_before_the_doubt_does_not_count(driver: DockerDriver, broker: FakeBroker) -> None:
    broker.gate = asyncio.Event()
    early = asyncio.create_task(driver.endpoint("pool-a"))
    await eventually(lambda: broker.looks)
    driver.doubt("pool-a")
    late = asyncio.create_task(driver.endpoint("pool-a"))
    await eventually(lambda: broker.looks == 2)
    broker.gate.set()
    assert await early == await late
    driver.doubt("pool-a")
    await driver.endpoint("pool-a")
    assert broker.looks == 3


@pytest.mark.parametrize("pool_id", ["pool-a", ""], ids=["of the pool", "resync"])
async def test_a_hint_has_it_looked_at_anew(driver: DockerDriver, broker: FakeBroker, pool_id: str) -> None:
    await driver.endpoint("pool-a")
    broker.events = [ContainerEvent(pool_id=pool_id, action="die", at=NOW).to_json() + b"\n"]
    heard = []
    with contextlib.suppress(DriverUnavailable):
        async for event in driver.hints():
            heard.append(event.action)
    await driver.endpoint("pool-a")
    assert (heard, broker.looks) == (["die"], 2)


async def test_while_nobody_can_look_it_is_where_it_was(
    driver: DockerDriver, broker: FakeBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint = await driver.endpoint("pool-a")
    broker.refuse()
    driver.doubt("pool-a")
    assert await driver.endpoint("pool-a") == endpoint
    monkeypatch.setattr(driver_module, "_ENDPOINT_PATIENCE_SECONDS", 0.0)
    broker.gate = asyncio.Event()
    driver.doubt("pool-a")
    assert await driver.endpoint("pool-a") == endpoint, "a broker that hangs holds nobody up"
    broker.gate.set()


async def test_one_that_was_stopped_is_not_remembered_as_alive(driver: DockerDriver, broker: FakeBroker) -> None:
    await driver.endpoint("pool-a")
    await driver.stop("pool-a", graceful=True)
    broker.refuse()
    observation = await driver.observe("pool-a")
    assert (observation.alive, observation.known, observation.endpoint) == (False, False, None)


async def test_what_cannot_be_set_right_is_told_of_a_living_pool(driver: DockerDriver, broker: FakeBroker) -> None:
    broker.container = container(drift=["The container's limits were changed: Memory."])
    broker.mending = Refusal(code=RefusalCode.DOCKER_FAILED, message="Docker could not set the limits.")
    observation = await driver.observe("pool-a")
    assert (observation.alive, observation.known) == (True, True)
    assert observation.problem == "The container's limits were changed: Memory. Docker could not set the limits."
    assert observation.endpoint is not None
    broker.mending = None
    assert (await driver.observe("pool-a")).problem is None
    assert broker.mends == 2


@pytest.mark.parametrize("code", ["image_missing", "image_not_allowed", "protocol_mismatch"])
async def test_an_image_that_pools_cannot_be_made_of_is_told(
    driver: DockerDriver, broker: FakeBroker, code: str
) -> None:
    broker.refusal = Refusal(code=RefusalCode(code), message="Build it.")
    with pytest.raises(CannotUseImage, match="Build it"):
        await driver.check_image("registry:5000/flotilla-pool:2")
    assert broker.asked == "registry:5000/flotilla-pool:2"


async def test_a_pool_that_was_seen_before_must_find_its_volume(driver: DockerDriver, broker: FakeBroker) -> None:
    """Or another daemon would start every bot a second time, without its trades."""
    await driver.ensure(pool())
    await driver.ensure(pool(last_seen_at=NOW))
    assert [spec.expect_volume for spec in broker.specs] == [False, True]


async def test_nothing_is_told_of_an_image_that_nobody_can_look_at(driver: DockerDriver, broker: FakeBroker) -> None:
    broker.refuse()
    with pytest.raises(DriverUnavailable):
        await driver.check_image("flotilla-pool:2")
    broker.refusal = None
    await driver.check_image("flotilla-pool:2")
