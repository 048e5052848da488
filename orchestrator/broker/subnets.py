"""Which subnet another network gets. Pure, but for the machine's routes.

Left to itself Docker gives every network a /16 or /20 and has none left after some thirty; tenants need few addresses.
"""

from collections.abc import Iterable, Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

_ROUTES = Path("/proc/net/route")


def free(ranges: Sequence[IPv4Network], prefix: int, taken: Iterable[IPv4Network]) -> Iterator[IPv4Network]:
    """Subnets of `ranges` with this prefix length that overlap nothing of `taken`, lowest first."""
    held = list(taken)
    blocks = {network.supernet(new_prefix=prefix) for network in held if network.prefixlen >= prefix}
    wider = [network for network in held if network.prefixlen < prefix]
    for whole in ranges:
        for subnet in whole.subnets(new_prefix=prefix):
            if subnet not in blocks and not any(subnet.overlaps(network) for network in wider):
                yield subnet


def of_networks(told: Iterable[dict[str, Any]]) -> list[IPv4Network]:
    """Subnets that Docker's networks have, as it lists them; those of IPv6 are in nobody's way."""
    configs = [config for network in told for config in (network.get("IPAM") or {}).get("Config") or []]
    return [IPv4Network(config["Subnet"], strict=False) for config in configs if "." in str(config.get("Subnet"))]


def of_routes(ranges: Sequence[IPv4Network], file: Path = _ROUTES) -> list[IPv4Network]:
    """Where this machine sends packets inside `ranges`, as far as the broker sees it: other daemons' networks, VPNs. A
    route that covers a whole range is not counted: whoever chose the range meant it."""
    try:
        lines = [line.split() for line in file.read_text().splitlines()[1:]]
    except OSError:
        return []
    routes = [IPv4Network((_address(fields[1]), str(_address(fields[7])))) for fields in lines if len(fields) > 7]
    return [route for route in routes if any(route != whole and route.subnet_of(whole) for whole in ranges)]


def _address(told: str) -> IPv4Address:
    """The kernel writes it in the machine's order: little-endian wherever Docker runs."""
    return IPv4Address(bytes.fromhex(told)[::-1])
