"""Pages of a list: keyset pagination with cursors that are opaque to callers."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from orchestrator.errors import InvalidSpec

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some items of a list, and the cursor that continues it; `next` is None at the end."""

    items: list[T]
    next: str | None


def page_of(rows: Sequence[T], limit: int, key: Callable[[T], Sequence[str | int]]) -> Page[T]:
    """A page from up to `limit + 1` rows: the surplus row only tells that there is more."""
    items = list(rows[:limit])
    return Page(items, encode_cursor(key(items[-1])) if len(rows) > limit and items else None)


def encode_cursor(parts: Sequence[str | int]) -> str:
    return base64.urlsafe_b64encode(json.dumps(list(parts)).encode()).decode().rstrip("=")


def decode_cursor(cursor: str, kinds: Sequence[type]) -> list[Any]:
    """The parts that were encoded, of the given types. Raises InvalidSpec (field `after`) for anything else."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        parts = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, UnicodeDecodeError, ValueError, RecursionError):
        raise refused() from None
    if not isinstance(parts, list) or [type(part) for part in parts] != list(kinds):
        raise refused()
    if any(isinstance(part, int) and not 0 <= part < 2**63 for part in parts):
        raise refused()
    return parts


def instant_of(part: str) -> datetime:
    """A time that went into a cursor in ISO form. Raises InvalidSpec (field `after`)."""
    try:
        instant = datetime.fromisoformat(part)
    except ValueError:
        raise refused() from None
    if instant.tzinfo is None:
        raise refused()
    return instant


def refused() -> InvalidSpec:
    """Of a cursor that the list did not give out."""
    return InvalidSpec("This cursor is not one that the list gave out; start again without it.", field="after")
