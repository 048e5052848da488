"""Where pools and what they share run: as local processes, or as containers through the broker."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from orchestrator.exchanges.companion import Companion
from orchestrator.exchanges.gateway import ProcessGateway
from orchestrator.exchanges.gateway_container import BrokerGateway
from orchestrator.exchanges.paper import ProcessPaperExchange
from orchestrator.exchanges.paper_container import BrokerPaperExchange
from orchestrator.pools.drivers import PoolDriver, Surroundings
from orchestrator.pools.drivers.broker_client import BrokerClient
from orchestrator.pools.drivers.docker import DockerDriver
from orchestrator.pools.drivers.process import ProcessDriver
from orchestrator.settings import OrchestratorSettings

_LOOK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Runtime:
    """`drivers` by the name that a pool's row has."""

    drivers: Mapping[str, PoolDriver]
    paper: Companion | None
    """None where the settings want no paper exchange."""
    gateway: Companion | None = None
    """None where the settings want no market-data gateway."""
    broker: BrokerClient | None = None
    paper_token: Callable[[], str | None] = lambda: None
    """What opens the paper exchange's control; None where it is not to be had."""
    take_secret: Callable[[str], None] = lambda _: None
    """The installation's secret, once that is known."""

    @property
    def local_pools(self) -> bool:
        """Pools are processes of this machine, in the home's directory."""
        return "process" in self.drivers

    def exchange_url(self) -> str | None:
        """Where this process finds the paper exchange."""
        return self.paper.url() if self.paper is not None else None

    def gateway_problem(self) -> str | None:
        """What is known of why it does not run, in a sentence."""
        return None if self.gateway is None else self.gateway.problem

    async def find_gateway(self) -> str | None:
        """Where this process finds the gateway. Looked for now: it may have moved, and of several control planes only
        the leader keeps it."""
        if self.gateway is None:
            return None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LOOK_SECONDS):
                await self.gateway.alive()
        return self.gateway.url()

    async def aclose(self) -> None:
        if self.broker is not None:
            await self.broker.aclose()


def runtime_of(settings: OrchestratorSettings, drivers: Mapping[str, PoolDriver] | None = None) -> Runtime:
    """What the settings say; `drivers` instead of theirs, where given."""
    if settings.pool_driver == "docker" and drivers is None:
        return _containers(settings)
    process = ProcessPaperExchange(settings.home / "paper-exchange", settings.paper_symbols)
    paper = process if settings.paper_exchange else None
    gateway = None
    if settings.gateway:
        gateway = ProcessGateway(settings.home / "gateway", _nowhere if paper is None else paper.url)
    if drivers is None:
        told = _surroundings(settings, paper, gateway)
        drivers = {"process": ProcessDriver(settings.home / "pools", told, settings.stop_seconds)}
    return Runtime(drivers, paper, gateway, paper_token=process.control_token)


def _containers(settings: OrchestratorSettings) -> Runtime:
    broker = BrokerClient(settings.broker_socket)
    container = BrokerPaperExchange(broker, settings.pool_image, settings.paper_symbols)
    paper = container if settings.paper_exchange else None
    gateway = BrokerGateway(broker, settings.pool_image, settings.paper_exchange) if settings.gateway else None
    told = _surroundings(settings, paper, gateway)
    docker = DockerDriver(broker, settings.pool_image, told, settings.stop_seconds)
    return Runtime({"docker": docker}, paper, gateway, broker, container.control_token, container.take_secret)


def _surroundings(
    settings: OrchestratorSettings, paper: Companion | None, gateway: Companion | None
) -> Callable[[], Surroundings]:
    return lambda: Surroundings(
        None if paper is None else paper.pool_url(),
        None if gateway is None else gateway.pool_url(),
        settings.signed_requests,
    )


def _nowhere() -> None:
    return None
