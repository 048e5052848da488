"""Where the rules in force come from: `Standing` in a bot, `FixedRules` in backtesting."""

from dataclasses import dataclass
from typing import Protocol

from pool.contract.policy import PolicyInForce
from pool.contract.risk import Mode


class Rules(Protocol):
    """Asked anew at each decision: what changes, changes at once."""

    @property
    def policy(self) -> PolicyInForce | None:
        """None: no universal rules."""

    def mode(self) -> Mode: ...

    def why(self) -> str:
        """Why the mode is not ACTIVE."""


@dataclass(frozen=True)
class FixedRules:
    """One policy, and everything is allowed."""

    policy: PolicyInForce | None

    def mode(self) -> Mode:
        return Mode.ACTIVE

    def why(self) -> str:
        return ""
