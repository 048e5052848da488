"""`python -m tests.fakes.serving serve …`: the `flotilla` command with a real control plane over fake pools."""

from functools import partial
from typing import Any

import api.cli.up as up
from api.cli.root import main
from orchestrator.__main__ import ControlPlane
from orchestrator.pools.drivers.process import ProcessDriver
from orchestrator.settings import OrchestratorSettings


def _control_plane(settings: OrchestratorSettings, **options: Any) -> ControlPlane:
    driver = ProcessDriver(settings.home / "pools", stop_seconds=5, module="tests.fakes.fake_pool")
    return ControlPlane(settings, drivers={"process": driver}, **options)


if __name__ == "__main__":
    up.ControlPlane = partial(_control_plane)  # type: ignore[assignment, misc]
    main()
