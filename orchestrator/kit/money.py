"""Arithmetic of money: exact sums and products, rounding in one place.

Everything is computed with 100 digits, so that sums of plausible amounts are exact; what is told has at most 18 places
after the point (money) or 8 (ratios).
"""

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Context, Decimal
from math import isfinite

ZERO = Decimal(0)
MAGNITUDE_LIMIT = Decimal(10) ** 18
"""Amounts beyond this are not believed."""

_CONTEXT = Context(prec=100, rounding=ROUND_HALF_EVEN)
_MONEY_STEP = Decimal(1).scaleb(-18)
_RATIO_STEP = Decimal(1).scaleb(-8)


def add(values: Iterable[Decimal]) -> Decimal:
    total = ZERO
    for value in values:
        total = _CONTEXT.add(total, value)
    return total


def subtract(value: Decimal, other: Decimal) -> Decimal:
    return _CONTEXT.subtract(value, other)


def negate(value: Decimal) -> Decimal:
    """The unary minus would round to the 28 digits of Python's usual context."""
    return _CONTEXT.minus(value)


def multiply(value: Decimal, other: Decimal) -> Decimal:
    """The product, rounded to 18 places."""
    return money(_CONTEXT.multiply(value, other))


def money(value: Decimal) -> Decimal:
    """At most 18 places after the point."""
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -18:
        return value.quantize(_MONEY_STEP, context=_CONTEXT)
    return value


def tidy(value: Decimal) -> Decimal:
    """The same without zeros at its end: PostgreSQL answers all 18 places. What somebody asks for may be any number."""
    shortest = value.normalize(_CONTEXT)
    whole = shortest == shortest.to_integral_value() and shortest.adjusted() < _CONTEXT.prec
    return shortest.quantize(Decimal(1), context=_CONTEXT) if whole else shortest


def shown(value: float | None) -> Decimal | None:
    """A result of binary arithmetic as people read it, with 12 digits; None also for what is no number."""
    return None if value is None or not isfinite(value) else Decimal(f"{value:.12g}")


def inverse(value: Decimal) -> Decimal:
    """1 / value, which must not be zero, with 100 digits."""
    return _CONTEXT.divide(Decimal(1), value)


def share(part: Decimal, whole: Decimal) -> Decimal:
    """`part / whole` unrounded, 0 where the whole is not positive."""
    return _CONTEXT.divide(part, whole) if whole > ZERO else ZERO


def ratio(part: Decimal, whole: Decimal) -> Decimal:
    """`part / whole` rounded to 8 places, 0 where the whole is not positive."""
    return share(part, whole).quantize(_RATIO_STEP, context=_CONTEXT)
