"""Dataclasses as rows of SQLite and back: amounts as text, so that no digit is lost."""

import sqlite3
from collections.abc import Callable
from dataclasses import fields
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, TypeVar, get_type_hints

T = TypeVar("T")


def stored(value: Any) -> Any:
    """As it goes into a column."""
    if isinstance(value, Decimal):
        return str(value)
    return value.value if isinstance(value, Enum) else value


def read_row(kind: type[T], row: sqlite3.Row) -> T:
    """A dataclass from the columns that bear the names of its fields."""
    readers = _columns(kind)  # type: ignore[arg-type]
    return kind(**{name: read(row[name]) for name, read in readers.items()})


@cache
def _columns(kind: type[Any]) -> dict[str, Callable[[Any], Any]]:
    """Each field of a dataclass with its type, which turns a stored value back."""
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}
