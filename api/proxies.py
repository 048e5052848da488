"""Who is really calling, behind proxies.

`X-Forwarded-For`, `-Proto` and `-Host` are believed where a trusted proxy sent them and nowhere else: anybody can write
them. Each proxy adds whom it heard to the end of `X-Forwarded-For`, so the list is read from its end: trusted hops are
passed over, and the first other one is the client. What is further left is what that client claims. Of the other two
the last value counts, which the nearest proxy wrote. All of them end here: nothing behind sees, or relays, a claim.
"""

from collections.abc import Sequence

from starlette.types import ASGIApp, Receive, Scope, Send

from api.addresses import Address, parse
from api.settings import Network

_FORWARDED = frozenset(
    {b"forwarded", b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"x-forwarded-port", b"x-real-ip"}
)
_SECURE = {"http": "https", "ws": "wss"}
_PLAIN = {"https": "http", "wss": "ws"}


class ProxyMiddleware:
    """Puts the client's address, its scheme and the host that it asked for into the scope."""

    def __init__(self, app: ASGIApp, trusted: Sequence[Network]) -> None:
        self._app = app
        self._trusted = tuple(trusted)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            scope = self._as_the_client_sees_it(scope)
        await self._app(scope, receive, send)

    def _as_the_client_sees_it(self, scope: Scope) -> Scope:
        told = [(name, value) for name, value in scope["headers"] if name in _FORWARDED]
        if not told:
            return scope
        kept = [(name, value) for name, value in scope["headers"] if name not in _FORWARDED]
        scope["headers"] = kept
        peer = parse(scope["client"][0]) if scope.get("client") else None
        if peer is None or not trusts(self._trusted, peer):
            return scope
        scope["client"] = (str(self._client(peer, _values(told, b"x-forwarded-for"))), 0)
        scheme = _last(told, b"x-forwarded-proto").lower()
        if scheme in ("https", "wss"):
            scope["scheme"] = _SECURE.get(scope["scheme"], scope["scheme"])
        elif scheme in ("http", "ws"):
            scope["scheme"] = _PLAIN.get(scope["scheme"], scope["scheme"])
        host = _last(told, b"x-forwarded-host")
        if host:
            scope["headers"] = [(name, value) for name, value in kept if name != b"host"]
            scope["headers"].insert(0, (b"host", host.encode("latin-1")))
        return scope

    def _client(self, peer: Address, hops: Sequence[str]) -> Address:
        """The last hop that is no trusted proxy; the farthest trusted one where there is none, or where what comes
        next is no address."""
        farthest = peer
        for hop in reversed(hops):
            address = parse(hop)
            if address is None:
                return farthest
            farthest = address
            if not trusts(self._trusted, address):
                return address
        return farthest


def trusts(trusted: Sequence[Network], address: Address) -> bool:
    """Whether the address is one of these."""
    return any(address.version == network.version and address in network for network in trusted)


def _values(told: Sequence[tuple[bytes, bytes]], name: bytes) -> list[str]:
    return [part.strip() for one, value in told if one == name for part in value.decode("latin-1").split(",")]


def _last(told: Sequence[tuple[bytes, bytes]], name: bytes) -> str:
    values = _values(told, name)
    return values[-1] if values else ""
