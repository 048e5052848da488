"""Requests as ccxt signs them, of every endpoint that an exchange has."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ccxt
from ccxt.base.types import Entry

ACCOUNTS: tuple[Mapping[str, str], ...] = (
    {
        "apiKey": "key-of-the-first-account-11111",
        "secret": "b25lLXNlY3JldC1vbmUtc2VjcmV0LW9uZS1zZWNyZXQ=",
        "password": "first-passphrase",
        "uid": "u1000001",
        "login": "login-1",
        "token": "first-tok3n",
        "walletAddress": "0x1111111111111111111111111111111111111111",
        "privateKey": "0x" + "1" * 64,
    },
    {
        "apiKey": "key-of-the-second-account-2222",
        "secret": "dHdvLXNlY3JldC10d28tc2VjcmV0LXR3by1zZWNyZXQ=",
        "password": "second-passphrase",
        "uid": "u2000002",
        "login": "login-2",
        "token": "second-tok3n",
        "walletAddress": "0x2222222222222222222222222222222222222222",
        "privateKey": "0x" + "2" * 64,
    },
)
_NOW = 1_700_000_000_000


@dataclass(frozen=True)
class Signed:
    url: str
    method: str
    headers: Mapping[str, Any]
    body: object


def client(exchange: str, account: Mapping[str, str]) -> Any:
    """Its clock stands still, so that what it signs twice differs by the account alone."""
    made = getattr(ccxt, exchange)({**account})
    made.milliseconds = made.nonce = lambda: _NOW
    made.seconds = lambda: _NOW // 1000
    made.microseconds = lambda: _NOW * 1000
    made.uuid = made.uuid16 = made.uuid22 = lambda *_: "00000000-0000-0000-0000-000000000000"
    return made


def endpoints(made: Any) -> list[Entry[Any]]:
    """Each once, whatever names ccxt has for it."""
    entries = (value for cls in type(made).__mro__ for value in vars(cls).values() if isinstance(value, Entry))
    return list({(str(entry.api), entry.method, entry.path): entry for entry in entries}.values())


def sign(made: Any, entry: Entry[Any]) -> Signed | None:
    """None for what cannot be signed without more."""
    params = dict.fromkeys(made.extract_params(entry.path), "BTC")
    try:
        told = made.sign(entry.path, entry.api, entry.method, {**params, "symbol": "BTCUSDT"})
    except Exception:  # whatever an exchange's own code misses of made-up parameters
        return None
    if not isinstance(told["url"], str):
        return None
    headers = made.prepare_request_headers(dict(told["headers"] or {}))
    return Signed(told["url"], told["method"], headers, told["body"])
