"""What a request is after: where it goes, whether its answer may be shared, what of it the exchange sees. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import get_args

from pool.contract.market import CLIENT_HEADERS, FORWARD_PREFIX, Kind, Priority

_TARGET = re.compile(
    re.escape(FORWARD_PREFIX)
    + r"(?P<exchange>[a-z0-9_]{1,40})/(?P<scheme>https?)/"
    + r"(?P<authority>[a-z0-9][a-z0-9.-]{0,252}(?::[0-9]{1,5})?)"
    + r"(?P<path>/[!-\"$->@-~]*)?(?:\?(?P<query>[!-\"$-~]*))?",
    re.IGNORECASE,
)
_OURS = b"x-flotilla-"
_OF_CLIENTS = frozenset(name.encode() for name in CLIENT_HEADERS)
_HARMLESS = _OF_CLIENTS.union(
    b"host user-agent accept accept-encoding accept-language connection keep-alive content-type content-length".split()
)
_NOT_PASSED = frozenset(
    b"host connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer transfer-encoding "
    b"upgrade expect cookie content-length accept-encoding forwarded via x-real-ip".split()
)
"""Of one hop, or ours to decide, or telling who asks."""
_TELLING = _OF_CLIENTS.union((b"accept", b"accept-language", b"content-type", b"user-agent"))
"""What an exchange may answer differently for: part of the key of what is kept."""
_PLAIN_AGENTS = (b"python/", b"python-requests/", b"python-httpx/", b"ccxt/")
"""Of libraries as they come: one client is as good as the other, so their answers are shared."""
_SECRET_NAMES = frozenset(
    ("sign", "sig", "timestamp", "recvwindow", "key", "auth", "hash", "expires", "tonce", "userid", "account")
)
_SECRET_PARTS = ("signature", "apikey", "nonce", "secret", "accesskey", "passphrase", "listenkey", "password", "token")
_MOST_REMEMBERED = 2_000
"""Characters."""
_PRIORITIES: frozenset[str] = frozenset(get_args(Priority))

Raw = Iterable[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes."""

    exchange: str
    scheme: str
    authority: str
    path: str
    query: str
    key: str
    """Of what is kept: parameters in order of their names."""
    shareable: bool
    """No parameter is one of a signed request."""

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.authority}{self.path}{'?' + self.query if self.query else ''}"


def target(raw_path: str) -> Target | None:
    """What a request line asks for; None where it is not to be understood."""
    if len(raw_path) > _MOST_REMEMBERED:
        return _parsed(raw_path)
    try:
        return _shareable(raw_path)
    except _Private as private:
        return private.target


class _Private(Exception):
    """Not remembered: it may hold a signature."""

    def __init__(self, target: Target | None) -> None:
        self.target = target


@lru_cache(maxsize=4096)
def _shareable(raw_path: str) -> Target:
    found = _parsed(raw_path)
    if found is None or not found.shareable:
        raise _Private(found)
    return found


def _parsed(raw_path: str) -> Target | None:
    found = _TARGET.fullmatch(raw_path)
    if found is None:
        return None
    exchange, scheme, authority = (found[part].lower() for part in ("exchange", "scheme", "authority"))
    path, query = found["path"] or "/", found["query"] or ""
    parameters = sorted(query.split("&"), key=_name) if query else []
    key = f"{exchange} {scheme}://{authority}{path}?{'&'.join(parameters)}"
    shareable = not any(_is_secret(_name(parameter)) for parameter in parameters)
    return Target(exchange, scheme, authority, path, query, key, shareable)


def _name(parameter: str) -> str:
    return parameter.partition("=")[0]


def _is_secret(name: str) -> bool:
    plain = re.sub(r"%[0-9a-f]{2}|[^a-z0-9]", "", name.lower())
    return plain in _SECRET_NAMES or any(part in plain for part in _SECRET_PARTS) or "%" in name


def shared_key(asked: Target, headers: Raw) -> str | None:
    """The key under which a GET's answer may be kept and joined; None where it may be the asker's alone."""
    if not asked.shareable:
        return None
    told = b""
    for name, value in headers:
        small = name.lower()
        if small not in _HARMLESS:
            if not small.startswith(_OURS):
                return None
        elif small in _TELLING and not _usual(small, value):
            told += small + b":" + value + b"\n"
    return f"{asked.key}\n{told.decode('latin-1')}" if told else asked.key


def passed_headers(headers: Raw) -> list[tuple[str, str]]:
    """What of a request's headers the exchange sees."""
    return [
        (name.decode("latin-1"), value.decode("utf-8", "surrogateescape"))
        for name, value in headers
        if _passed(name.lower(), value)
    ]


def _passed(name: bytes, value: bytes) -> bool:
    if name in _NOT_PASSED or name.startswith((_OURS, b"x-forwarded-")):
        return False
    return not (name in _TELLING and _usual(name, value))


def _usual(name: bytes, value: bytes) -> bool:
    if name == b"accept":
        return value == b"*/*"
    return name == b"user-agent" and value.lower().startswith(_PLAIN_AGENTS)


@lru_cache(maxsize=4096)
def kind_of(header: str | None) -> Kind:
    return Kind.of(header)


def priority_of(header: str | None, public: bool) -> Priority:
    """What a header says; `data` for what is not understood. What is `public` is a price at most."""
    if header not in _PRIORITIES or header == "data":
        return "data"
    return "price" if public and header != "urgent" else header  # type: ignore[return-value]
