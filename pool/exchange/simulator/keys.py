"""Keys of accounts: an account may have several, each with permissions, addresses that may use it, and an end.

Modelled on Binance's API management: what a key may do is told by `GET /sapi/v1/account/apiRestrictions`, and a key
that is unknown, expired, used from elsewhere or for what it may not do is refused with one and the same answer (-2015).
"""

import json
import secrets
import string
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv6Address, ip_address, ip_network
from sqlite3 import Connection, Row
from typing import Any

_ALPHABET = string.ascii_letters + string.digits
_KEY_LENGTH = 64
KEYS_SCHEMA = """
CREATE TABLE IF NOT EXISTS keys (
  key TEXT PRIMARY KEY, secret TEXT NOT NULL, account_id INTEGER NOT NULL REFERENCES accounts,
  permissions TEXT NOT NULL, addresses TEXT NOT NULL, expires_ms INTEGER, created_ms INTEGER NOT NULL);
"""


class Permission(StrEnum):
    READING = "reading"
    SPOT = "spot"
    """Orders of spot."""
    FUTURES = "futures"
    """Orders of perpetuals, their leverage and margin mode."""
    WITHDRAWALS = "withdrawals"
    TRANSFERS = "transfers"
    """Between accounts of one owner."""


TRADING = (Permission.READING, Permission.SPOT, Permission.FUTURES)
"""What a key may do unless it is said."""


@dataclass(frozen=True)
class ApiKey:
    """`addresses` are networks such as `10.0.0.0/8`; none of them: any address."""

    key: str
    secret: str
    account_id: int
    permissions: frozenset[Permission]
    addresses: tuple[str, ...]
    expires_ms: int | None
    created_ms: int

    def may(self, wanted: Permission, address: str, now_ms: int) -> bool:
        if self.expires_ms is not None and now_ms >= self.expires_ms:
            return False
        return wanted in self.permissions and (not self.addresses or _is_among(address, self.addresses))


class Keys:
    """In the ledger's file; its owner encloses what is written in a transaction."""

    def __init__(self, database: Connection) -> None:
        self._db = database

    def find(self, key: str) -> ApiKey | None:
        row = self._db.execute("SELECT * FROM keys WHERE key = ?", (key,)).fetchone()
        return _read(row) if row else None

    def put(self, key: ApiKey) -> None:
        """Adds it, or replaces what the key of that name may do."""
        self._db.execute(
            "INSERT OR REPLACE INTO keys VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                key.key, key.secret, key.account_id, json.dumps(sorted(key.permissions)), json.dumps(key.addresses),
                key.expires_ms, key.created_ms,
            ),
        )  # fmt: skip

    def remove(self, key: str) -> bool:
        return self._db.execute("DELETE FROM keys WHERE key = ?", (key,)).rowcount > 0


def random_key() -> str:
    """As long as Binance's, keys and secrets alike."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_KEY_LENGTH))


def restrictions(key: ApiKey) -> dict[str, Any]:
    """As `GET /sapi/v1/account/apiRestrictions` tells them."""
    told = {
        "ipRestrict": bool(key.addresses),
        "createTime": key.created_ms,
        "enableReading": Permission.READING in key.permissions,
        "enableSpotAndMarginTrading": Permission.SPOT in key.permissions,
        "enableWithdrawals": Permission.WITHDRAWALS in key.permissions,
        "enableInternalTransfer": Permission.TRANSFERS in key.permissions,
        "permitsUniversalTransfer": Permission.TRANSFERS in key.permissions,
        "enableMargin": False,
        "enableFutures": Permission.FUTURES in key.permissions,
        "enableVanillaOptions": False,
    }
    return told if key.expires_ms is None else told | {"tradingAuthorityExpirationTime": key.expires_ms}


def _read(row: Row) -> ApiKey:
    return ApiKey(
        key=row["key"],
        secret=row["secret"],
        account_id=row["account_id"],
        permissions=frozenset(Permission(one) for one in json.loads(row["permissions"])),
        addresses=tuple(json.loads(row["addresses"])),
        expires_ms=row["expires_ms"],
        created_ms=row["created_ms"],
    )


def _is_among(address: str, networks: tuple[str, ...]) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return any(found in ip_network(network) for network in networks)
