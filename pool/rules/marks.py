"""Marks as they are kept in a trade's custom data: a small JSON object."""

from collections.abc import Mapping
from math import isfinite
from typing import get_args

from pool.rules.position import Marks, Rule

_RATES = (
    "best_rate",
    "stop_rate",
    "entry_atr",
    "hard_stop_rate",
    "trailing_rate",
    "break_even_rate",
    "best_open_rate",
)
_RULES: dict[str, Rule] = {rule: rule for rule in get_args(Rule)}


def marks_to_json(marks: Marks) -> dict[str, float | str]:
    """What is known of them; an empty object for marks that remember nothing."""
    found: dict[str, float | str] = {name: value for name in _RATES if (value := getattr(marks, name)) is not None}
    if marks.stop_rule is not None:
        found["stop_rule"] = marks.stop_rule
    return found


def marks_from_json(content: object) -> Marks:
    """Of anything at all: what is missing, of another type or no price is unknown. Never raises."""
    if not isinstance(content, Mapping):
        return Marks()
    rule = content.get("stop_rule")
    return Marks(
        **{name: _rate(content.get(name)) for name in _RATES},
        stop_rule=_RULES.get(rule) if isinstance(rule, str) else None,
    )


def _rate(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        rate = float(value)
    except OverflowError:
        return None
    return rate if isfinite(rate) and rate > 0 else None
