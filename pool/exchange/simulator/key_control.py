"""`/control/keys`: keys of accounts beside their first one. Rules as for `simulator.control`.

POST   keys         {account, permissions?, addresses?, expires_ms?} -> {key, secret}; `account` is any of its keys
POST   keys/change  {key, permissions?, addresses?, expires_ms?}; what is left out becomes what a new key has
DELETE keys         ?key=

`permissions` are of `keys.Permission` (reading, spot and futures unless said), `addresses` networks that alone may use
the key, `expires_ms` its end in milliseconds since the epoch.
"""

from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

from pool.exchange.simulator.calls import Call
from pool.exchange.simulator.fields import Fields, wrong
from pool.exchange.simulator.keys import TRADING, ApiKey, Permission, random_key
from pool.exchange.simulator.ledger import Ledger

Answers = dict[tuple[str, str], Callable[[Call], Any]]


class KeyControl:
    """Answers for the table of `ControlApi`, which guards them."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def answers(self) -> Answers:
        return {
            ("POST", "keys"): self._add,
            ("POST", "keys/change"): self._change,
            ("DELETE", "keys"): self._remove,
        }

    def _add(self, call: Call) -> dict[str, str]:
        body = Fields(call.body)
        account = self._ledger.account_of(body.text("account") or "")
        if account is None:
            raise wrong("account", "a key of an account")
        made = ApiKey(random_key(), random_key(), account.id, *_allowed(body), call.now_ms)
        body.done()
        with self._ledger.transaction():
            self._ledger.keys.put(made)
        return {"key": made.key, "secret": made.secret}

    def _change(self, call: Call) -> dict[str, str]:
        body = Fields(call.body)
        known = self._ledger.keys.find(body.text("key") or "")
        if known is None:
            raise wrong("key", "a key of an account")
        permissions, addresses, expires_ms = _allowed(body)
        body.done()
        with self._ledger.transaction():
            self._ledger.keys.put(replace(known, permissions=permissions, addresses=addresses, expires_ms=expires_ms))
        return {"key": known.key}

    def _remove(self, call: Call) -> dict[str, bool]:
        with self._ledger.transaction():
            return {"removed": self._ledger.keys.remove(call.parameters.text("key") or "")}


def _allowed(body: Fields) -> tuple[frozenset[Permission], tuple[str, ...], int | None]:
    told, addresses = body.texts("permissions"), body.texts("addresses") or []
    try:
        permissions = frozenset(TRADING if told is None else map(Permission, told))
    except ValueError:
        raise wrong("permissions", "some of " + ", ".join(Permission)) from None
    try:
        for address in addresses:
            ip_network(address)
    except ValueError:
        raise wrong("addresses", "a list of networks such as 10.0.0.0/8") from None
    return permissions, tuple(addresses), body.count("expires_ms")
