"""What the rules look at, and what they answer."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Rule = Literal["take_profit", "trailing_stop", "break_even", "hard_stop", "time_exit"]


@dataclass(frozen=True, slots=True)
class Position:
    """One open trade, as filled. Amounts in the base currency."""

    is_short: bool
    open_rate: float
    amount: float
    """Held now."""
    amount_entered: float
    """All filled entries together: the original position, of which a ladder takes fractions."""
    leverage: float
    fee_open: float
    fee_close: float
    opened_at: datetime
    ladder_closed: float = 0.0
    """Filled by exit orders of the take-profit ladder so far, told by the orders' tags. At profit `p` the ladder wants
    closed in all what the fractions of all levels up to `p` make of `amount_entered`; it closes the difference. So no
    level is sold twice or skipped, whatever was filled in part, and however the document changed meanwhile."""


@dataclass(frozen=True, slots=True)
class Price:
    """The rate that an exit would get now; in backtesting also the candle's `low` and `high`."""

    rate: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Marks:
    """What is remembered of a trade between two looks; kept in the trade's own custom data."""

    best_rate: float | None = None
    """High-water mark: highest of a long, lowest of a short; since the last entry that moved the open rate."""
    stop_rate: float | None = None
    """The universal stop: the tightest of the three below."""
    stop_rule: Rule | None = None
    """Which rule set it."""
    entry_atr: float | None = None
    """ATR that the hard stop by ATR multiple saw first, so that it does not widen."""
    hard_stop_rate: float | None = None
    trailing_rate: float | None = None
    break_even_rate: float | None = None
    """Each rule's own stop. It only ever tightens as long as the document has the rule, whatever its numbers become."""
    best_open_rate: float | None = None
    """The open rate that `best_rate` is counted under; None in marks of before there was this: the present one."""


@dataclass(frozen=True, slots=True)
class Close:
    """Close `amount` of the position (in the base currency); None closes all of it."""

    rule: Rule
    amount: float | None
    threshold_rate: float | None
    """The rate that was reached; None where time, not a rate, decided."""
    level: int | None = None
    """Of a ladder, the highest that was reached: 1 is the first."""


@dataclass(frozen=True, slots=True)
class Decision:
    """`close` is what is to be done now, if anything; `marks` is to be remembered in any case."""

    marks: Marks
    close: Close | None = None
    blind: tuple[Rule, ...] = ()
    """Rules that want an ATR and have none: they do nothing yet beyond what their marks hold."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Rates at which the next decision would be another: for whoever watches prices. None: no such rate."""

    below: float | None = None
    above: float | None = None
    reasons: tuple[str, ...] = field(default=())
