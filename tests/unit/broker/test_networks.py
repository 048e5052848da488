"""Which companion is in which network, over a daemon that remembers what it is told."""

from types import SimpleNamespace
from typing import Any

import pytest

from orchestrator.broker.contract import GATEWAY_ALIAS, PAPER_ALIAS
from orchestrator.broker.names import Names
from orchestrator.broker.networks import Networks
from orchestrator.broker.settings import BrokerSettings

NAMES = Names("default")
GATEWAY, PAPER = NAMES.companion(GATEWAY_ALIAS), NAMES.companion(PAPER_ALIAS)
TENANT = "flotilla-default-t-usr-1"


class Daemon:
    """Runs both companions, each in its own network."""

    def __init__(self) -> None:
        self.inside: dict[str, dict[str, list[str] | None]] = {GATEWAY: {GATEWAY: None}, PAPER: {PAPER: None}}

    def networks(self, names: list[str] | None = None, filters: Any = None) -> list[dict[str, Any]]:
        return [self.inspect_network(name) for name in self.inside if names is None or name in names]

    def inspect_network(self, name: str) -> dict[str, Any]:
        containers = {guest: {"Name": guest} for guest in self.inside[name]}
        return {"Name": name, "Id": name, "Labels": NAMES.labels("network"), "Containers": containers}

    def inspect_container(self, name: str) -> dict[str, Any]:
        networks = {network: {} for network, guests in self.inside.items() if name in guests}
        return {"State": {"Running": True}, "NetworkSettings": {"Networks": networks}}

    def connect_container_to_network(self, container: str, network: str, aliases: list[str] | None) -> None:
        self.inside[network][container] = aliases


@pytest.fixture
def daemon() -> Daemon:
    return Daemon()


@pytest.fixture
def networks(daemon: Daemon) -> Networks:
    return Networks(SimpleNamespace(client=daemon), BrokerSettings(installation="default"))  # type: ignore[arg-type]


def test_before_there_is_a_tenant_the_gateway_finds_the_paper_exchange(networks: Networks, daemon: Daemon) -> None:
    assert networks.of_guest(GATEWAY) == [PAPER]
    assert networks.of_guest(PAPER) == [], "the gateway's own network leads to the world"
    for network in (PAPER, GATEWAY):
        networks.ensure(network)
    assert daemon.inside == {GATEWAY: {GATEWAY: None}, PAPER: {PAPER: None, GATEWAY: [GATEWAY_ALIAS]}}


def test_both_are_in_each_tenants_network(networks: Networks, daemon: Daemon) -> None:
    daemon.inside[TENANT] = {}
    assert networks.of_guest(PAPER) == [TENANT]
    assert sorted(networks.of_guest(GATEWAY)) == sorted([PAPER, TENANT])
    networks.ensure(TENANT)
    assert daemon.inside[TENANT] == {PAPER: [PAPER_ALIAS], GATEWAY: [GATEWAY_ALIAS]}
