"""Where pushes may go. An endpoint is a URL that a user gave us, so it must lead out of here and nowhere within.

HTTPS on its usual port, to a name all of whose addresses are public; what is looked up is what is connected to, so a
name that answers otherwise the next time helps nobody. Origins that the settings list may be anything: a push service
of one's own.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit, urlunsplit

from orchestrator.settings import PUSH_CONTACT

LONGEST = 2048
_LOOK_UP_SECONDS = 5.0
_HTTPS = 443
_MOST_ADDRESSES = 3
_UNICAST = ipaddress.ip_network("2000::/3")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_DETAIL = "It is no address of a push service: HTTPS, without a port, to public addresses alone."


class Unreachable(Exception):
    """Nothing goes there; the message says why, without the URL."""


class NotFoundNow(Unreachable):
    """Its name could not be looked up; later it may."""


@dataclass(frozen=True, slots=True)
class Place:
    """What to ask instead of the endpoint, so that no name is looked up again."""

    urls: Sequence[str] = field(repr=False)
    """Of which one is to be had, by address."""
    host: str
    """For the header `Host`."""
    name: str | None
    """For TLS; None where the endpoint is used as it is."""


async def look_up(host: str, port: int) -> list[str]:
    """Its addresses. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


@dataclass(frozen=True, slots=True)
class Places:
    """`allowed` are origins such as `https://push.example:8443` that are not looked at."""

    allowed: Collection[str] = ()
    look_up: Callable[[str, int], Awaitable[Sequence[str]]] = look_up

    async def place_of(self, endpoint: str) -> Place:
        """Raises Unreachable."""
        parts = _parts(endpoint)
        if f"{parts.scheme}://{parts.netloc}" in self.allowed:
            return Place([endpoint], parts.netloc, None)
        host = parts.hostname or ""
        if parts.scheme != "https" or parts.port not in (None, _HTTPS) or not host:
            raise Unreachable(_DETAIL)
        try:
            async with asyncio.timeout(_LOOK_UP_SECONDS):
                addresses = await self.look_up(host, _HTTPS)
        except (OSError, UnicodeError, TimeoutError):
            raise NotFoundNow(_DETAIL) from None
        if not addresses or not all(is_public(address) for address in addresses):
            raise Unreachable(_DETAIL)
        port = "" if parts.port is None else f":{parts.port}"
        hosts = [f"[{one}]" if ":" in one else one for one in dict.fromkeys(addresses)][:_MOST_ADDRESSES]
        return Place([urlunsplit(parts._replace(netloc=one + port)) for one in hosts], parts.netloc, host)


@dataclass(frozen=True, slots=True)
class PushWays:
    """How pushes are sent, as the settings say."""

    places: Places = field(default_factory=Places)
    contact: str = PUSH_CONTACT


def is_public(address: str) -> bool:
    """Whether it is an address that anybody may have, and none that stands for one of another kind."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if found in _NAT64:
            inner = ipaddress.IPv4Address(found.packed[-4:])
        if inner is None:
            return found in _UNICAST and found.is_global
        found = inner
    return found.is_global and not found.is_multicast


def _parts(endpoint: str) -> SplitResult:
    """Raises Unreachable."""
    try:
        parts = urlsplit(endpoint)
        _ = parts.port
    except ValueError:
        raise Unreachable(_DETAIL) from None
    plain = endpoint.isascii() and endpoint.isprintable() and not any(one in endpoint for one in " \\#")
    if not plain or len(endpoint) > LONGEST or "@" in parts.netloc:
        raise Unreachable(_DETAIL)
    return parts
