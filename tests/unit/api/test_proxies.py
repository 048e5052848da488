"""Who is really calling: forwarded headers are believed from trusted proxies alone, from the right."""

from ipaddress import ip_network
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from api.addresses import household
from api.proxies import ProxyMiddleware

TRUSTED = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]


async def seen(peer: str | None, **headers: str) -> Any:
    """The scope that the application gets."""
    found: dict[str, Any] = {}

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        found.update(scope)

    async def unused(*_: Any) -> Any:
        raise AssertionError

    scope = {
        "type": "http",
        "scheme": "http",
        "client": None if peer is None else (peer, 1),
        "headers": [(b"host", b"inside:8000")]
        + [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()],
    }
    await ProxyMiddleware(app, TRUSTED)(scope, unused, unused)
    return found


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "1.2.3.4, 198.51.100.7, 10.9.9.9", "198.51.100.7"),
        ("10.0.0.1", "1.2.3.4,198.51.100.7:4711", "198.51.100.7"),
        ("10.0.0.1", "[2001:db8::7]:443", "2001:db8::7"),
        ("::ffff:10.0.0.1", "::ffff:198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "198.51.100.7, unknown", "10.0.0.1"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("fd00::1", "198.51.100.7", "198.51.100.7"),
        ("198.51.100.9", "127.0.0.1", "198.51.100.9"),
    ],
)
async def test_the_last_hop_that_is_not_trusted_is_the_client(peer: str, forwarded: str, client: str) -> None:
    assert (await seen(peer, x_forwarded_for=forwarded))["client"][0] == client


async def test_scheme_and_host_are_those_that_the_client_asked_for() -> None:
    scope = await seen("10.0.0.1", x_forwarded_proto="https", x_forwarded_host="a, flotilla.example")
    assert (scope["scheme"], dict(scope["headers"])[b"host"]) == ("https", b"flotilla.example")
    scope = await seen("198.51.100.9", x_forwarded_proto="https", x_forwarded_host="flotilla.example")
    assert (scope["scheme"], dict(scope["headers"])[b"host"]) == ("http", b"inside:8000")


@pytest.mark.parametrize("peer", ["10.0.0.1", "198.51.100.9", None])
async def test_claims_end_here(peer: str | None) -> None:
    scope = await seen(peer, x_forwarded_for="198.51.100.7", forwarded="for=1.2.3.4", x_real_ip="1.2.3.4")
    assert [name for name, _ in scope["headers"]] == [b"host"]


@pytest.mark.parametrize(
    ("address", "one"),
    [("2001:db8:1:2:3::4", "2001:db8:1:2::/64"), ("::ffff:10.0.0.1", "10.0.0.1"), ("10.0.0.1", "10.0.0.1")],
)
def test_an_ipv6_host_is_its_network(address: str, one: str) -> None:
    assert household(address) == one
