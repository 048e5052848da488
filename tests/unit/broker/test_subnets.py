"""Which subnet a network gets, and whether two tenants could ever get overlapping ones."""

from ipaddress import IPv4Network
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from orchestrator.broker import subnets
from orchestrator.broker.settings import BrokerSettings

RANGE = IPv4Network("10.213.0.0/16")
ROUTES = """Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t010011AC\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth0\t0000000A\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0
br-other\t0000D50A\t00000000\t0001\t0\t0\t0\tC0FFFFFF\t0\t0\t0
eth0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
"""


def test_the_lowest_that_nobody_has() -> None:
    taken = [IPv4Network("10.213.0.0/26"), IPv4Network("10.213.0.130/32"), IPv4Network("10.213.1.0/24")]
    free = list(subnets.free([RANGE], 26, taken))
    assert [str(subnet) for subnet in free[:3]] == ["10.213.0.64/26", "10.213.0.192/26", "10.213.2.0/26"]
    assert len(free) == 1024 - 6


@given(
    st.lists(
        st.builds(
            lambda address, prefix: IPv4Network((address, prefix), strict=False),
            st.integers(int(RANGE.network_address), int(RANGE.broadcast_address)),
            st.integers(12, 32),
        ),
        max_size=12,
    )
)
def test_nothing_free_overlaps_anything(taken: list[IPv4Network]) -> None:
    free = list(subnets.free([RANGE], 26, taken))
    assert not any(subnet.overlaps(network) for subnet in free for network in taken)
    assert not any(one.overlaps(other) for one, other in pairwise(free))


def test_what_docker_lists() -> None:
    told: list[dict[str, Any]] = [
        {"IPAM": {"Config": [{"Subnet": "172.17.0.0/16", "Gateway": "172.17.0.1"}]}},
        {"IPAM": {"Config": [{"Subnet": "fd00::/64"}, {"Subnet": "10.213.0.0/26"}]}},
        {"IPAM": {"Config": None}},
        {},
    ]
    assert subnets.of_networks(told) == [IPv4Network("172.17.0.0/16"), IPv4Network("10.213.0.0/26")]


def test_routes_of_other_daemons_count_and_wider_ones_do_not(tmp_path: Path) -> None:
    file = tmp_path / "route"
    file.write_text(ROUTES)
    assert subnets.of_routes([RANGE], file) == [IPv4Network("10.213.0.0/26")]
    assert subnets.of_routes([RANGE], tmp_path / "absent") == []


def test_a_range_without_room_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOTILLA_BROKER_SUBNETS", '["10.9.0.0/27"]')
    with pytest.raises(ValidationError, match="no room for a network"):
        BrokerSettings()
    monkeypatch.setenv("FLOTILLA_BROKER_SUBNETS", '["10.9.0.0/16", "10.11.0.0/24"]')
    assert len(BrokerSettings().subnets) == 2
