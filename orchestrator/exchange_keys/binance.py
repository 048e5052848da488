"""What Binance tells of a key: `GET /sapi/v1/account/apiRestrictions` and `GET /api/v3/account`, signed.

Source: Binance's API documentation, "Endpoint security type" (HMAC-SHA256 of the query, in hexadecimal, as its last
parameter; the key in `X-MBX-APIKEY`), "Get API Key Permission" and "Account information". The time comes from
`GET /api/v3/time`, so that a clock that is wrong here does not make a good key look bad.

Neither key nor secret is ever part of a URL, of an exception or of a log: the client here is never asked to log, and
what it raises is replaced.
"""

import hashlib
import hmac
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import httpx

from orchestrator.errors import ExchangeUnreachable, KeyRejected
from orchestrator.exchange_keys.facts import KeyFacts, Permission
from pool.contract.slots import ExchangeCredentials

BINANCE = "https://api.binance.com"
_WINDOW_MS = 10_000
_SECONDS = 10.0
_MOST_BYTES = 2_000_000
_FLAGS = {
    "enableReading": Permission.READ,
    "enableSpotAndMarginTrading": Permission.SPOT,
    "enableFutures": Permission.FUTURES,
    "enableWithdrawals": Permission.WITHDRAW,
    "enableInternalTransfer": Permission.TRANSFER,
    "permitsUniversalTransfer": Permission.TRANSFER,
}
_BAD_KEY = -2014
_BAD_SIGNATURE = -1022
_REFUSED = -2015
_BUSY = frozenset({403, 418, 429})
_BARRED = 451


async def ask(
    exchange: str, root: str, credentials: ExchangeCredentials, transport: httpx.AsyncBaseTransport | None = None
) -> KeyFacts:
    """What Binance, or the paper exchange, at `root` tells of the key. `exchange` is how it is called in sentences.
    Raises KeyRejected (field `key` or `secret`), ExchangeUnreachable."""
    async with httpx.AsyncClient(base_url=root, transport=transport, trust_env=False, timeout=_SECONDS) as client:
        teller = _Teller(exchange, client, credentials)
        now_ms = int(_expect(exchange, await teller.get("/api/v3/time"), "serverTime", int))
        told = await teller.get("/sapi/v1/account/apiRestrictions", now_ms)
        account = await teller.get("/api/v3/account", now_ms)
    permissions = {permission for flag, permission in _FLAGS.items() if told.get(flag) is True}
    # What is not told is not ruled out.
    if _expect(exchange, told, "enableWithdrawals", bool):
        permissions.add(Permission.WITHDRAW)
    if not _expect(exchange, account, "canTrade", bool):
        permissions -= {Permission.SPOT}
    expires_ms = told.get("tradingAuthorityExpirationTime")
    uid = account.get("uid")
    return KeyFacts(
        permissions=frozenset(permissions),
        account=None if uid is None else str(uid),
        ip_restricted=_expect(exchange, told, "ipRestrict", bool),
        expires_at=datetime.fromtimestamp(expires_ms / 1000, UTC) if isinstance(expires_ms, int) else None,
    )


class _Teller:
    def __init__(self, exchange: str, client: httpx.AsyncClient, credentials: ExchangeCredentials) -> None:
        self._exchange = exchange
        self._client = client
        self._credentials = credentials

    async def get(self, path: str, now_ms: int | None = None) -> dict[str, Any]:
        """Signed where a time is given."""
        query, headers = "", {}
        if now_ms is not None:
            query = urlencode({"recvWindow": _WINDOW_MS, "timestamp": now_ms})
            secret = self._credentials.secret.get_secret_value().encode()
            query += "&signature=" + hmac.new(secret, query.encode(), hashlib.sha256).hexdigest()
            headers["X-MBX-APIKEY"] = self._credentials.key.get_secret_value()
        try:
            response = await self._client.get(f"{path}?{query}" if query else path, headers=headers)
            body = response.json() if len(response.content) <= _MOST_BYTES else None
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError):
            raise _silent(self._exchange) from None
        if not isinstance(body, dict):
            raise _silent(self._exchange)
        if response.status_code != httpx.codes.OK:
            raise _refusal(self._exchange, response.status_code, body.get("code"))
        return body


def _refusal(exchange: str, status: int, code: object) -> KeyRejected | ExchangeUnreachable:
    if code == _BAD_KEY:
        return KeyRejected(f"{exchange} says that this is no key: copy it again, whole.", field="key")
    if code == _BAD_SIGNATURE:
        return KeyRejected(f"{exchange} does not take this secret for this key: copy it again, whole.", field="secret")
    if code == _REFUSED:
        return KeyRejected(
            f"{exchange} does not take this key: it is wrong, has expired or was deleted, may not read its account, or "
            "may not be used from this machine's address. Look at it there, and enter it again.",
            field="key",
        )
    if status in _BUSY:
        return ExchangeUnreachable(f"{exchange} asks not to be asked now; try again in some minutes.")
    if status == _BARRED:
        return KeyRejected(f"{exchange} does not serve this machine's country: nothing can be traded there.")
    return _silent(exchange)


def _silent(exchange: str) -> ExchangeUnreachable:
    return ExchangeUnreachable(f"The exchange {exchange} does not answer as it should; try again in a moment.")


def _expect(exchange: str, body: dict[str, Any], name: str, kind: type) -> Any:
    """Raises KeyRejected where that is not told, since nothing may be guessed here."""
    value = body.get(name)
    if not isinstance(value, kind):
        raise KeyRejected(
            f"{exchange} does not tell {name} of this key, without which it is not taken: it may be able to withdraw."
        )
    return value
