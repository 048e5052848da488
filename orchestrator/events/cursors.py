"""Cursors: `<incarnation>-<number>`. The incarnation names the memory that the number belongs to."""

import re

_CURSOR = re.compile(r"([0-9a-f]{1,32})-(0|[1-9][0-9]{0,17})")


def cursor_of(incarnation: str, number: int) -> str:
    """The cursor of a message."""
    return f"{incarnation}-{number}"


def reaches(cursor: str, other: str) -> bool:
    """Whether all up to `other`, of the same bus, is at or before `cursor`."""
    return parse_cursor(cursor)[1] >= parse_cursor(other)[1]


def parse_cursor(cursor: str) -> tuple[str | None, int]:
    """Incarnation and number; (None, 0) for what no bus can have given out."""
    match = _CURSOR.fullmatch(cursor)
    return (match[1], int(match[2])) if match else (None, 0)
