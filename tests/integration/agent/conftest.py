"""One pool with a fake zygote for all tests of the agent's HTTP API."""

from collections.abc import Iterator

import pytest

from tests.fakes.pool_rig import PoolRig, running


@pytest.fixture(scope="session")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PoolRig]:
    # A directory deeper than a socket's address may be long.
    directory = tmp_path_factory.mktemp("agent") / ("deep-" * 20) / "pool"
    with running(directory, slots_total=20, event_ring_size=100, orphan_timeout_seconds=3) as rig:
        rig.put("api-bot")
        rig.until_state("api-bot", "running")
        yield rig
