"""What tests against a real Docker daemon share. Without one they are skipped, but not where CI=true."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.docker.broker_rig import BrokerRig, broker_rig, daemon


@pytest.fixture(scope="session")
def docker_host() -> str:
    """Where the daemon listens, as `DOCKER_HOST` tells."""
    return os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")


@pytest.fixture(scope="session")
def docker_client(docker_host: str) -> Iterator[Any]:
    """A `docker.APIClient` of a daemon that answers."""
    client = daemon(docker_host)
    yield client
    client.close()


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[BrokerRig]:
    """A broker of an installation of its own, and all that it made gone afterwards."""
    async with broker_rig(tmp_path) as rig:
        yield rig
