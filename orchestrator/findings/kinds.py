"""What can be found. Values, no I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """How an exchange account and the books of its bots differ."""

    UNKNOWN_ORDER = "unknown_order"
    """The account has an order that no bot of it sent."""
    UNADOPTED_ORDER = "unadopted_order"
    """A bot sent it, and FreqTrade has no row of it: it ended between order and commit. Back, it adopts it."""
    MISSING_FILL = "missing_fill"
    """A bot and the account say different things of what an order filled, or whether it is over."""
    LOST_ORDER = "lost_order"
    """A bot believes an order to be open that the account does not know."""
    DRIFTED_BALANCE = "drifted_balance"
    """The account has more or less of a currency than the ledger."""
    UNOWNED_POSITION = "unowned_position"
    """The account has another position of a contract than its bots traded, or one that is nobody's."""
    DIFFERING_POSITION = "differing_position"
    """A bot believes to hold another position than its orders filled."""
    OVERDRAWN = "overdrawn"
    """The account has less of a currency than its bots were given: something was paid with what is theirs."""
    UNREAD_ACCOUNT = "unread_account"
    """The account could not be read for so long that nobody knows whether it and the books agree."""


ADOPTABLE = frozenset({Kind.UNKNOWN_ORDER, Kind.UNADOPTED_ORDER, Kind.DRIFTED_BALANCE, Kind.UNOWNED_POSITION})
"""What can be booked into the ledger as it is; the others are about what bots believe."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing in which they differ now."""

    kind: Kind
    subject: str
    """What it is about, the same as long as it is the same thing."""
    message: str
    remedy: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    """As JSON has it."""
    mark: str = ""
    """What an acknowledgement holds for: with another mark it is found anew."""
    bot_id: str = ""
