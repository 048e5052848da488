"""Documents compared field by field.

A path names a field as errors do: `take_profit.levels.0.profit`. Values are those of JSON; decimals that differ in
trailing zeros alone are the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from decimal import Decimal
from typing import Any

from pydantic import BaseModel


@dataclass(frozen=True, slots=True)
class Change:
    """One field that differs. None where it is not there, or null."""

    path: str
    before: Any
    after: Any


def plain(document: BaseModel, *, given_only: bool = False) -> dict[str, Any]:
    """The document as JSON has it, decimals as text without needless zeros. `given_only` leaves out what nobody gave,
    which in an override means something else than null."""
    values: dict[str, Any] = _plain(document.model_dump(mode="python", exclude_unset=given_only))
    return values


def leaves(values: Mapping[str, Any]) -> dict[str, Any]:
    """Every field that has no fields of its own, by path; an empty list, or one of bare values, is one field."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        found.update(_below(name, value))
    return found


def diff(before: Mapping[str, Any], after: Mapping[str, Any], *, null: Any = None) -> list[Change]:
    """What must change for `before` to become `after`, by path. A field that is null is told as `null`: in an override,
    where it switches a section off, it differs from one that is not there; elsewhere both say the same."""
    old, new = _told(before, null), _told(after, null)
    return [
        Change(path, old.get(path), new.get(path))
        for path in sorted(old.keys() | new.keys())
        if old.get(path) != new.get(path)
    ]


def _told(values: Mapping[str, Any], null: Any) -> dict[str, Any]:
    return {path: null if value is None else value for path, value in leaves(values).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, Decimal):
        return _digits(value)
    return value.isoformat() if isinstance(value, time) else value


def _digits(value: Decimal) -> str:
    text = format(value, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def _below(path: str, value: Any) -> dict[str, Any]:
    if isinstance(value, Mapping) and value:
        parts = list(value.items())
    elif isinstance(value, list) and any(isinstance(one, Mapping) for one in value):
        parts = [(str(number), one) for number, one in enumerate(value)]
    else:
        return {path: value}
    found: dict[str, Any] = {}
    for name, one in parts:
        found.update(_below(f"{path}.{name}", one))
    return found
