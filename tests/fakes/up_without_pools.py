"""`flotilla up` over a control plane that has a database and nothing else: `python -m tests.fakes.up_without_pools up`.

Its `stop` prints what it was asked and, with FAKE_STOP_HANGS set, never comes to an end; with FAKE_START_BREAKS set,
`start` meets a surprise.
"""

import asyncio
import contextlib
import os
from collections.abc import Mapping

import api.cli.up as up
from api.cli.root import main
from orchestrator.actions.tally import Tally
from orchestrator.db.engine import Database
from orchestrator.db.migrate import upgrade
from orchestrator.events.in_process import InProcessBus
from orchestrator.exchanges.traffic import Traffic
from orchestrator.home import Secrets
from orchestrator.kit.cache import InProcessCache
from orchestrator.market.service import MarketData
from orchestrator.pools.disks import Disks
from orchestrator.portfolio.service import PortfolioService
from orchestrator.push.places import PushWays
from orchestrator.settings import OrchestratorSettings
from orchestrator.templates.catalogue import Catalogue


class ControlPlaneWithoutPools:
    """What `up` needs of a control plane."""

    agents = None
    markets = None
    keys = None

    def __init__(self, settings: OrchestratorSettings, *, candidate: bool = True) -> None:
        self.settings = settings
        self._settings = settings
        self.secrets = Secrets("installation-1", "k" * 40)
        self.bus = InProcessBus()
        self.cache = InProcessCache()
        self.tally = Tally()
        self.push = PushWays()
        self.traffic = Traffic(None)
        self.market = MarketData(None, self.cache)
        self.catalogue = Catalogue.load(settings.templates_directory)

    async def start(self) -> None:
        if os.environ.get("FAKE_START_BREAKS"):
            raise KeyError("a surprise with a secret in it")
        await upgrade(self._settings.url)
        self.database = Database(self._settings.url)
        self.portfolio = PortfolioService(self.database, self.bus)

    async def stop(self, *, pools: bool) -> None:
        with contextlib.suppress(OSError):  # the terminal is gone
            print(f"stop pools={pools}", flush=True)
        if os.environ.get("FAKE_STOP_HANGS"):
            await asyncio.Event().wait()
        if hasattr(self, "database"):
            await self.market.aclose()
            await self.database.close()

    async def readiness(self) -> Mapping[str, str | None]:
        return {"pool-local": "The pool is warming up."}

    async def check_image(self, image: str) -> None:
        pass

    async def pool_disks(self) -> Disks:
        return {}

    def gauges(self) -> Mapping[str, float]:
        return {}


if __name__ == "__main__":
    up.ControlPlane = ControlPlaneWithoutPools  # type: ignore[assignment, misc]
    main()
