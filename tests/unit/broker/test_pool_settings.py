"""What a pool of an older image is told: it refuses to start with settings that it does not know."""

import json
from typing import Any

import docker
import pytest
from pydantic import SecretStr

from orchestrator.broker import images
from orchestrator.broker.contract import PoolSpec
from orchestrator.broker.names import GATEWAY, PROTOCOL
from orchestrator.broker.pools import Pools
from orchestrator.broker.settings import BrokerSettings
from orchestrator.pools.drivers import Surroundings
from pool.contract import PROTOCOL_VERSION
from pool.settings import PoolSettings

TOLD = Surroundings("http://paper-exchange:9000", "http://gateway:9100", "gateway").settings()


class Daemon:
    def __init__(self, labels: dict[str, str]) -> None:
        self.labels = {PROTOCOL: str(PROTOCOL_VERSION), **labels}
        self.client = self

    def inspect_image(self, reference: str) -> dict[str, Any]:
        if reference != "flotilla-pool:latest":
            raise docker.errors.ImageNotFound("No such image")
        return {"Id": "sha256:1", "Config": {"Labels": self.labels}}


@pytest.mark.parametrize(
    ("labels", "expected"),
    [({GATEWAY: "1"}, TOLD), ({}, {"paper_exchange_url": "http://paper-exchange:9000"})],
)
def test_settings_of_the_gateway_go_to_pools_that_know_them(labels: dict[str, str], expected: dict[str, Any]) -> None:
    settings: Any = BrokerSettings()
    image = images.find(Daemon(labels), settings, "flotilla-pool:latest")  # type: ignore[arg-type]  # a stand-in
    spec = PoolSpec(
        tenant_id="usr-1", image="flotilla-pool:latest", slots_total=7, settings=TOLD, agent_token=SecretStr("t" * 32)
    )
    nothing: Any = None
    files = Pools(nothing, settings, nothing, nothing)._files("pool-a", spec, image, range(100, 114))
    (written,) = [json.loads(file.content or b"") for file in files if file.name == "pool.json"]
    assert {name: value for name, value in written.items() if name in TOLD} == expected
    assert PoolSettings(**written).paper_exchange_url == "http://paper-exchange:9000"
