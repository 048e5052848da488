"""Where pools and the paper exchange run: as local processes, or as containers through the broker."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from orchestrator.exchanges.paper import PaperService, ProcessPaperExchange
from orchestrator.exchanges.paper_container import BrokerPaperExchange
from orchestrator.pools.drivers import PoolDriver
from orchestrator.pools.drivers.broker_client import BrokerClient
from orchestrator.pools.drivers.docker import DockerDriver
from orchestrator.pools.drivers.process import ProcessDriver
from orchestrator.settings import OrchestratorSettings


@dataclass(frozen=True, slots=True)
class Runtime:
    """`drivers` by the name that a pool's row has."""

    drivers: Mapping[str, PoolDriver]
    paper: PaperService | None
    """None where the settings want no paper exchange."""
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

    async def aclose(self) -> None:
        if self.broker is not None:
            await self.broker.aclose()


def runtime_of(settings: OrchestratorSettings, drivers: Mapping[str, PoolDriver] | None = None) -> Runtime:
    """What the settings say; `drivers` instead of theirs, where given."""
    if settings.pool_driver == "docker" and drivers is None:
        broker = BrokerClient(settings.broker_socket)
        container = BrokerPaperExchange(broker, settings.pool_image, settings.paper_symbols)
        paper = container if settings.paper_exchange else None
        pool_url = container.pool_url if settings.paper_exchange else lambda: None
        docker = DockerDriver(broker, settings.pool_image, pool_url, settings.stop_seconds)
        return Runtime({"docker": docker}, paper, broker, container.control_token, container.take_secret)
    process = ProcessPaperExchange(settings.home / "paper-exchange", settings.paper_symbols)
    if drivers is None:
        url = process.pool_url if settings.paper_exchange else lambda: None
        drivers = {"process": ProcessDriver(settings.home / "pools", url, settings.stop_seconds)}
    return Runtime(drivers, process if settings.paper_exchange else None, paper_token=process.control_token)
