"""Room for many tenants: networks alone, without pools."""

from ipaddress import IPv4Network
from itertools import combinations

import pytest

from orchestrator.broker.contract import RefusalCode, Refused
from orchestrator.broker.docker_api import DockerApi
from orchestrator.broker.networks import Networks
from tests.docker.broker_rig import BrokerRig, in_thread

TENANTS = 45
"""More than Docker's own choice of subnets allows, which ends at some thirty."""


def subnet(rig: BrokerRig, name: str) -> IPv4Network:
    return IPv4Network(rig.docker.inspect_network(name)["IPAM"]["Config"][0]["Subnet"])


async def test_many_tenants_have_networks_of_their_own(rig: BrokerRig) -> None:
    networks = Networks(DockerApi(rig.settings.docker_host, 60), rig.settings)
    names = [f"flotilla-{rig.installation}-t-usr-{number}" for number in range(TENANTS)]
    for name in names:
        await in_thread(networks.ensure, name)
    assert sorted(await in_thread(networks.ours)) == sorted(names)
    held = [subnet(rig, name) for name in names]
    assert not any(one.overlaps(other) for one, other in combinations(held, 2))
    assert all(one.subnet_of(rig.settings.subnets[0]) for one in held)


async def test_no_room_is_told_with_what_to_do_and_ends_with_a_network(rig: BrokerRig) -> None:
    narrow = rig.settings.model_copy(update={"subnets": [IPv4Network("10.217.255.0/27")], "subnet_prefix": 28})
    networks = Networks(DockerApi(rig.settings.docker_host, 60), narrow)
    first, second, third = (f"flotilla-{rig.installation}-t-usr-{number}" for number in range(3))
    for name in (first, second):
        await in_thread(networks.ensure, name)
    with pytest.raises(Refused, match="FLOTILLA_BROKER_SUBNETS") as told:
        await in_thread(networks.ensure, third)
    assert told.value.refusal.code is RefusalCode.NO_ADDRESS_SPACE
    freed = subnet(rig, first)
    await in_thread(networks.remove_if_unused, first)
    await in_thread(networks.ensure, third)
    assert subnet(rig, third) == freed
