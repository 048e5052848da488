"""`python -m tests.fakes.serving serve …`: the `flotilla` command with a real control plane over fake pools.

Where the file that `DIES_UNTOLD` names exists, a process of it dies as soon as it has committed what pools told, and
before it tells it anybody.
"""

import os
import signal
from functools import partial
from pathlib import Path
from typing import Any

import api.cli.up as up
from api.cli.root import main
from orchestrator.__main__ import ControlPlane
from orchestrator.events.bus import Bus
from orchestrator.intake import collector
from orchestrator.intake.publish import publish
from orchestrator.intake.store import Stored
from orchestrator.pools.drivers.process import ProcessDriver
from orchestrator.settings import OrchestratorSettings


def _control_plane(settings: OrchestratorSettings, **options: Any) -> ControlPlane:
    driver = ProcessDriver(settings.home / "pools", stop_seconds=5, module="tests.fakes.fake_pool")
    return ControlPlane(settings, drivers={"process": driver}, **options)


async def _publish(bus: Bus, stored: Stored) -> None:
    file = os.environ.get("DIES_UNTOLD")
    if file is not None and Path(file).exists():
        os.kill(os.getpid(), signal.SIGKILL)
    await publish(bus, stored)


if __name__ == "__main__":
    collector.publish = _publish
    up.ControlPlane = partial(_control_plane)  # type: ignore[assignment, misc]
    main()
