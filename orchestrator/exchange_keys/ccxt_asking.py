"""`python -m orchestrator.exchange_keys.ccxt_asking`: asks an exchange about a key through ccxt, in a process of its
own that ends at once, so that no exchange library stays in the control plane.

Standard input has the exchange's ccxt id and the credentials, as JSON; standard output one line of JSON: what the
exchange told, or what kind of refusal it was. Never what ccxt said of it, which may quote requests.

Known are exchanges that tell what the very key that asks may do: OKX (`GET /api/v5/account/config`: `perm`, `ip`,
`uid`) and Bybit (`GET /v5/user/query-api`: `permissions`, `readOnly`, `ips`, `expiredAt`, `userID`), by their
documentation.
"""

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

import ccxt

from orchestrator.exchange_keys.facts import Permission

Told = dict[str, Any]
_NO_ADDRESS = frozenset({"", "*"})
_TIMEOUT_MS = 10_000


def okx(told: Mapping[str, Any]) -> Told:
    """From `account/config`. `perm` lists `read_only`, `trade`, `withdraw`; `ip` the addresses, empty for any."""
    (account,) = told["data"]
    allowed = {one.strip() for one in str(account["perm"]).split(",")}
    permissions = {Permission.READ}
    if "trade" in allowed:
        permissions |= {Permission.SPOT, Permission.FUTURES}
    if "withdraw" in allowed:
        permissions.add(Permission.WITHDRAW)
    if unknown := allowed - {"read_only", "trade", "withdraw"}:
        raise ValueError(f"unknown permissions {len(unknown)}")
    return _told(permissions, str(account["uid"]), bool(str(account["ip"]).strip()), None)


def bybit(told: Mapping[str, Any]) -> Told:
    """From `user/query-api`. A key without addresses ends at `expiredAt`."""
    key = told["result"]
    allowed = key["permissions"]
    permissions = {Permission.READ}
    if int(key["readOnly"]) == 0:
        if "SpotTrade" in allowed["Spot"]:
            permissions.add(Permission.SPOT)
        if {"Order", "Position"} <= set(allowed["ContractTrade"]):
            permissions.add(Permission.FUTURES)
        if "Withdraw" in allowed["Wallet"]:
            permissions.add(Permission.WITHDRAW)
        if any("Transfer" in one for one in allowed["Wallet"]):
            permissions.add(Permission.TRANSFER)
    restricted = any(address not in _NO_ADDRESS for address in key["ips"])
    return _told(permissions, str(key["userID"]), restricted, None if restricted else key.get("expiredAt"))


_ASK: dict[str, tuple[str, Callable[[Mapping[str, Any]], Told]]] = {
    "okx": ("privateGetAccountConfig", okx),
    "bybit": ("privateGetV5UserQueryApi", bybit),
}


def main() -> int:
    """Exit code 0 where something was told."""
    asked = json.load(sys.stdin)
    method, read = _ASK[asked["exchange"]]
    client = getattr(ccxt, asked["exchange"])(
        {
            "apiKey": asked["key"],
            "secret": asked["secret"],
            "password": asked["password"] or "",
            "timeout": _TIMEOUT_MS,
            "enableRateLimit": False,
        }
    )
    try:
        answer = read(getattr(client, method)())
    except (ccxt.AuthenticationError, ccxt.PermissionDenied, ccxt.AccountNotEnabled):
        answer = {"refused": True}
    except ccxt.OperationFailed:
        answer = {"silent": True}
    except (ccxt.BaseError, KeyError, TypeError, ValueError):
        answer = {"untold": True}
    json.dump(answer, sys.stdout)
    return 0


def _told(permissions: set[Permission], account: str, restricted: bool, expires_at: str | None) -> Told:
    return {
        "permissions": sorted(permissions),
        "account": account,
        "ip_restricted": restricted,
        "expires_at": expires_at,
    }


if __name__ == "__main__":
    sys.exit(main())
