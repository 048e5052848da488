"""The document under which the bot trades, and what it means for the ledger. Ratios and fractions as there."""

from dataclasses import dataclass
from decimal import Decimal

from pool.contract.policy import PolicyInForce
from tests.process.bot.rules import policy

LEVELS = ((Decimal("0.02"), Decimal("0.25")), (Decimal("0.05"), Decimal("0.75")), (Decimal("0.10"), Decimal(1)))
"""Profit after fees, and what is sold in all of what was bought once it is reached."""
HARD_STOP = Decimal("0.06")
REDUCED = Decimal("0.5")
"""Of each trade, by an order to reduce."""
FEE = Decimal("0.001")

TARGETS = tuple(Decimal(text) for text in ("1.03", "1.048", "1.06", "1.115", "1.005", "0.935"))
"""Multiples of the open rate: each level reached, the trailing stop active and then crossed, the hard stop crossed."""


def document() -> PolicyInForce:
    return policy(
        take_profit={
            "levels": [{"profit": "0.02", "fraction": "0.25"}, {"profit": "0.05", "fraction": "0.5"}, {"profit": "0.1"}]
        },
        trailing_stop={"activation": "0.04", "distance": "0.03", "lock_in": "0.01"},
        hard_stop={"distance": str(HARD_STOP)},
    )


@dataclass(frozen=True)
class Due:
    """What must have been done at a price that stands still."""

    closed: bool
    sold_ratio: Decimal
    """By the ladder, at the least."""


def due(open_rate: Decimal, stop_rate: Decimal, bid: Decimal) -> Due:
    """A hair to the right of each threshold, so that roundings of ticks decide nothing."""
    profit = bid * (1 - FEE) / (open_rate * (1 + FEE)) - 1
    stops = max(open_rate * (1 - HARD_STOP), stop_rate)
    sold = max((total for level, total in LEVELS if profit > level + Decimal("0.001")), default=Decimal(0))
    return Due(closed=bid < stops * Decimal("0.999") or sold == 1, sold_ratio=sold)
