"""`python -m tests.fakes.control_plane HOME`: a real control plane over fake pools; says `ready` when it is up."""

import asyncio
import sys
from pathlib import Path

from orchestrator.__main__ import ControlPlane
from orchestrator.pools.drivers.process import ProcessDriver
from orchestrator.settings import OrchestratorSettings


async def run(home: Path) -> None:
    settings = OrchestratorSettings(home=home, paper_exchange=False, gateway=False, reconcile_interval_seconds=0.1)
    driver = ProcessDriver(home / "pools", stop_seconds=5, module="tests.fakes.fake_pool")
    control = ControlPlane(settings, drivers={"process": driver})
    await control.start()
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1])))
