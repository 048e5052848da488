"""Internet addresses, as limits count them."""

import ipaddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def parse(text: str) -> Address | None:
    """An address as sockets and proxies write it: with or without a port, in brackets or not. None for anything else.
    One of IPv4 that is written as IPv6 (`::ffff:10.0.0.1`) is what it is."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def household(text: str) -> str:
    """What counts as one: an address, of IPv6 its /64, of which a single host owns the whole. What is none stays."""
    return _network_of(text, 64)


def site(text: str) -> str:
    """What one subscriber may have: an address, of IPv6 its /48, which has 65,536 households (RFC 6177)."""
    return _network_of(text, 48)


def _network_of(text: str, prefix: int) -> str:
    found = parse(text)
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((found, prefix), strict=False))
    return text if found is None else str(found)
