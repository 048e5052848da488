"""What an exchange tells of a key, and what of it Flotilla takes. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from orchestrator.errors import KeyRejected
from orchestrator.templates.spec import FUTURES, SPOT
from pool.contract.slots import ExchangeCredentials


class Permission(StrEnum):
    READ = "read"
    SPOT = "spot"
    """Orders of spot."""
    FUTURES = "futures"
    """Orders of futures."""
    TRANSFER = "transfer"
    """Between accounts of one owner."""
    WITHDRAW = "withdraw"
    """To anywhere: no key that may is taken."""


_TRADING = frozenset({Permission.SPOT, Permission.FUTURES})


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """What an exchange told of a key."""

    permissions: frozenset[Permission]
    account: str | None
    """The exchange's own name of the account; None where it tells none."""
    ip_restricted: bool | None
    """None where it does not tell."""
    expires_at: datetime | None = None


class ExchangeChecks(Protocol):
    """Asks exchanges about keys."""

    async def check(self, exchange: str, credentials: ExchangeCredentials) -> KeyFacts:
        """Raises KeyRejected where the exchange does not take the key or cannot tell what it may, ExchangeUnreachable
        where nobody can say now."""


def accept(facts: KeyFacts) -> None:
    """Raises KeyRejected (field `key`) for a key that may withdraw, or may not read and trade."""
    if Permission.WITHDRAW in facts.permissions:
        raise _rejected(
            "This key may withdraw: whoever gets hold of it can take everything. Take that permission away at the "
            "exchange, or make another key that may only read and trade, and enter it again."
        )
    if Permission.READ not in facts.permissions:
        raise _rejected("This key may not read its account; allow that at the exchange and enter it again.")
    if not facts.permissions & _TRADING:
        raise _rejected("This key may not trade; allow trading at the exchange and enter it again.")


def allows(permissions: list[str], trading_mode: str) -> bool:
    """Whether a key with these permissions may trade so."""
    needed = {SPOT: Permission.SPOT, FUTURES: Permission.FUTURES}[trading_mode]
    return needed in permissions


def warnings(permissions: list[str], ip_restricted: bool | None) -> list[str]:
    """What its owner should know of a key that is taken all the same, in sentences."""
    found = []
    if ip_restricted is False:
        found.append("It may be used from any address: restrict it to this machine's at the exchange.")
    if ip_restricted is None:
        found.append("Whether only some addresses may use it is not told by the exchange.")
    if Permission.TRANSFER in permissions:
        found.append("It may move money between accounts of yours, which no bot needs.")
    return found


def _rejected(message: str, **params: Any) -> KeyRejected:
    return KeyRejected(message, field="key", **params)
