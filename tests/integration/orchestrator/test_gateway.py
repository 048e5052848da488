"""The market-data gateway as a service of this machine, over a stand-in of its process."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import ClassVar

import httpx
import pytest

from orchestrator.broker.contract import CompanionContainer, GatewaySpec
from orchestrator.exchanges import gateway as gateway_module
from orchestrator.exchanges.companion import CannotStartCompanion, ping
from orchestrator.exchanges.gateway import PING, ProcessGateway
from orchestrator.exchanges.gateway_container import BrokerGateway
from orchestrator.kit.clock import utc_now
from orchestrator.pools.models import PoolModel
from orchestrator.portfolio.service import PortfolioService
from orchestrator.runtime import Runtime, runtime_of
from orchestrator.settings import OrchestratorSettings
from orchestrator.term import Means, Term
from pool.contract.market import INCARNATION_HEADER
from pool.settings import PoolSettings
from tests.integration.orchestrator.rig import Rig
from tests.support import eventually

MODULE = "tests.fakes.fake_gateway"


class Paper:
    """Where the paper exchange is."""

    def __init__(self, url: str | None = None) -> None:
        self.where = url

    def url(self) -> str | None:
        return self.where


@pytest.fixture
def paper() -> Paper:
    return Paper("http://127.0.0.1:1")


@pytest.fixture
async def gateway(tmp_path: Path, paper: Paper) -> AsyncIterator[ProcessGateway]:
    made = ProcessGateway(tmp_path / "gateway", paper.url, module=MODULE)
    yield made
    await made.stop()


def pid_of(gateway: ProcessGateway) -> int:
    pid = gateway._living_pid()
    assert pid is not None
    return pid


async def told(gateway: ProcessGateway) -> str | None:
    """The paper exchange's address, as the process that runs was told it."""
    await eventually(gateway.answers, message="the gateway answers")
    async with httpx.AsyncClient(trust_env=False) as client:
        paper_url: str | None = (await client.get(f"{gateway.url()}{PING}")).json()["paper_url"]
    return paper_url


async def settings(gateway: ProcessGateway) -> dict[str, str]:
    """As the process that runs has them."""
    await eventually(gateway.answers, message="the gateway answers")
    async with httpx.AsyncClient(trust_env=False) as client:
        found: dict[str, str] = (await client.get(f"{gateway.url()}{PING}")).json()["settings"]
    return found


async def test_where_it_will_be_is_known_before_it_runs_and_stays_whatever_happens_to_it(
    gateway: ProcessGateway, paper: Paper, tmp_path: Path
) -> None:
    assert gateway.url() is None
    promised = await asyncio.gather(*(asyncio.to_thread(gateway.pool_url) for _ in range(8)))
    assert len(set(promised)) == 1
    assert ProcessGateway(tmp_path / "gateway", module=MODULE).pool_url() == promised[0], "another process is told it"
    await gateway.ensure()
    await gateway.ensure()
    await eventually(gateway.answers)
    assert gateway.url() == gateway.pool_url() == promised[0]
    adopted = ProcessGateway(tmp_path / "gateway", paper.url, module=MODULE)
    assert await adopted.alive()
    pid = pid_of(gateway)
    await adopted.ensure()
    assert pid_of(adopted) == pid, "one that lives is left alone"
    os.kill(pid, signal.SIGKILL)

    async def dead() -> bool:
        return not await gateway.alive()

    await eventually(dead)
    assert not await gateway.answers()
    assert gateway.problem is not None
    assert "status -9" in gateway.problem
    await gateway.ensure()
    await eventually(gateway.answers)
    assert gateway.url() == promised[0]
    assert pid_of(gateway) != pid


async def test_its_settings_reach_it_and_others_start_it_anew(
    gateway: ProcessGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "FLOTILLA_GATEWAY_CANDLES_DISK_BYTES"
    monkeypatch.setenv(name, "5000000")
    monkeypatch.setenv("FLOTILLA_ORCH_KEK", "secret")
    await gateway.ensure()
    assert await settings(gateway) == {name: "5000000"}
    assert await gateway.alive()
    pid = pid_of(gateway)
    monkeypatch.setenv(name, "6000000")
    assert not await gateway.alive()
    await gateway.ensure()
    assert await settings(gateway) == {name: "6000000"}
    assert pid_of(gateway) != pid
    monkeypatch.delenv(name)
    await gateway.ensure()
    assert await settings(gateway) == {}


async def test_one_of_another_release_is_started_anew(gateway: ProcessGateway, paper: Paper, tmp_path: Path) -> None:
    await gateway.ensure()
    await eventually(gateway.answers)
    pid = pid_of(gateway)
    later = ProcessGateway(tmp_path / "gateway", paper.url, module=MODULE, release="later")
    assert not await later.alive()
    paper.where = None
    assert await gateway.alive()
    assert not await later.alive(), "nor where nobody knows just now where the paper exchange is"
    paper.where = "http://127.0.0.1:1"
    await later.ensure()
    await eventually(later.answers)
    assert await told(later) == paper.where
    assert await later.alive()
    assert pid_of(later) != pid
    await later.stop()


async def test_one_that_was_told_otherwise_is_started_anew_at_the_same_address(
    gateway: ProcessGateway, paper: Paper, tmp_path: Path
) -> None:
    await gateway.ensure()
    assert await told(gateway) == paper.where
    url, pid = gateway.url(), pid_of(gateway)
    paper.where = None
    assert await gateway.alive(), "nobody knows just now where the exchange is"
    paper.where = "http://127.0.0.1:2"
    assert not await ProcessGateway(tmp_path / "gateway", paper.url, module=MODULE).alive()
    assert not await gateway.alive()
    await gateway.ensure()
    assert await told(gateway) == paper.where
    assert await gateway.alive()
    assert gateway.url() == url
    assert pid_of(gateway) != pid


async def test_somebody_else_at_its_address_is_not_taken_for_it() -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers=headers)

    headers: dict[str, str] = {}
    transport = httpx.MockTransport(answer)
    assert not await ping("http://127.0.0.1:1", PING, INCARNATION_HEADER, transport)
    headers[INCARNATION_HEADER] = "one"
    assert await ping("http://127.0.0.1:1", PING, INCARNATION_HEADER, transport)


async def test_without_a_free_port_it_says_so_and_pools_are_told_of_none(
    gateway: ProcessGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway_module, "_TRIES", 0)
    assert gateway.pool_url() is None
    with pytest.raises(CannotStartCompanion, match=r"no port is free for the market-data gateway\.$"):
        await gateway.ensure()


async def test_it_is_started_once_the_paper_exchange_has_an_address(rig: Rig) -> None:
    class Awaited(Paper):
        asked = 0

        def pool_url(self) -> str | None:
            self.asked += 1
            return self.where

    class Kept:
        ensured = 0

        async def alive(self) -> bool:
            return bool(self.ensured)

        async def ensure(self) -> None:
            self.ensured += 1

    paper, kept = Awaited(), Kept()
    means = Means(
        rig.settings, rig.database, rig.bus, rig.agents, rig.catalogue, PortfolioService(rig.database, rig.bus), {},
        paper, leading=lambda: True, gateway=kept,  # type: ignore[arg-type]  # what else a service has
    )  # fmt: skip
    task = asyncio.create_task(Term(means)._runners()["gateway"]())
    try:
        await eventually(lambda: paper.asked > 20 or kept.ensured)
        assert not kept.ensured
        paper.where = "http://127.0.0.1:1"
        await eventually(lambda: kept.ensured)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    without = Means(
        rig.settings, rig.database, rig.bus, rig.agents, rig.catalogue, PortfolioService(rig.database, rig.bus), {},
        None, leading=lambda: True,
    )  # fmt: skip
    assert "gateway" not in Term(without)._runners()


@pytest.mark.parametrize(("wanted", "signed"), [(True, "straight"), (True, "gateway"), (False, "straight")])
async def test_pools_are_told_of_it_at_their_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: bool, signed: str
) -> None:
    monkeypatch.setenv("FLOTILLA_ORCH_GATEWAY", str(wanted))
    monkeypatch.setenv("FLOTILLA_ORCH_SIGNED_REQUESTS", signed)
    runtime = runtime_of(OrchestratorSettings(home=tmp_path, paper_exchange=False))
    assert (runtime.gateway is not None) == wanted
    driver = runtime.drivers["process"]
    driver._module = "tests.fakes.fake_pool"  # type: ignore[attr-defined]
    await driver.ensure(_pool())
    try:
        settings = PoolSettings.load(tmp_path / "pools" / "pool-a" / "pool.json")
    finally:
        await driver.stop("pool-a", graceful=False)
    expected = None if runtime.gateway is None else runtime.gateway.pool_url()
    assert (settings.gateway_url, settings.signed_requests) == (expected, signed)
    assert (expected is not None) == wanted


async def test_containers_find_it_by_name(tmp_path: Path) -> None:
    settings = OrchestratorSettings(home=tmp_path, pool_driver="docker", broker_socket=tmp_path / "b.sock")
    runtime = runtime_of(settings)
    told = runtime.drivers["docker"]._spec(_pool()).settings  # type: ignore[attr-defined]
    assert json.loads(json.dumps(told)) == {
        "paper_exchange_url": "http://paper-exchange:9000",
        "gateway_url": "http://gateway:9100",
        "signed_requests": "straight",
    }
    await runtime.aclose()


def _pool() -> PoolModel:
    return PoolModel(
        id="pool-a", node="local", driver="process", slots_total=7, desired_state="running",
        observed_state="stopped", conditions=[], created_at=utc_now(),
    )  # fmt: skip


async def test_a_control_plane_that_does_not_lead_finds_it_and_follows_it_where_it_goes() -> None:
    """Containers get another address whenever they are made anew."""

    class Broker:
        address: str | None = "10.0.0.2:9100"
        hangs = False

        async def gateway(self) -> CompanionContainer | None:
            if self.hangs:
                await asyncio.Event().wait()
            return CompanionContainer(url="http://gateway:9100", address=self.address, running=True)

    broker = Broker()
    runtime = Runtime({}, None, BrokerGateway(broker, "image", paper=True))  # type: ignore[arg-type]  # only looked at
    assert await runtime.find_gateway() == "http://10.0.0.2:9100"
    broker.address = "10.0.0.3:9100"
    assert await runtime.find_gateway() == "http://10.0.0.3:9100"
    broker.hangs = True
    assert await runtime.find_gateway() == "http://10.0.0.3:9100", "where it was last"
    assert await Runtime({}, None).find_gateway() is None


async def test_a_gateway_in_a_container_is_compared_once_with_what_it_should_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Broker:
        ensured: ClassVar[list[GatewaySpec]] = []

        async def gateway(self) -> CompanionContainer | None:
            return CompanionContainer(url="http://gateway:9100", address="10.0.0.2:9100", running=True)

        async def ensure_gateway(self, spec: GatewaySpec) -> CompanionContainer:
            self.ensured.append(spec)
            return CompanionContainer(url="http://gateway:9100", address="10.0.0.2:9100", running=True)

    monkeypatch.setenv("FLOTILLA_GATEWAY_CANDLES_DISK_BYTES", "5000000")
    broker = Broker()
    gateway = BrokerGateway(broker, "flotilla-pool:2", paper=True)  # type: ignore[arg-type]  # never removed
    assert not await gateway.alive(), "it may be of another release"
    await gateway.ensure()
    assert await gateway.alive()
    told = {"FLOTILLA_GATEWAY_CANDLES_DISK_BYTES": "5000000"}
    assert broker.ensured == [GatewaySpec(image="flotilla-pool:2", paper=True, settings=told)]
