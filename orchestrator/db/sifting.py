"""Writing many things at once of which one may be what the database takes from nobody: a text with a NUL, a number that
is too large for its column. That one is left out; it holds up none of the others."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, StatementError

T = TypeVar("T")

_OF_PYTHON = (ArithmeticError, ValueError, TypeError, RecursionError)
"""What values raise before the database has seen them: OverflowError of SQLite's driver, for example."""


def is_about_data(error: Exception) -> bool:
    """Whether the values are to blame: the same write would fail again, while others would not."""
    if isinstance(error, StatementError) and not isinstance(error, DBAPIError):
        return isinstance(error.orig, _OF_PYTHON)
    return isinstance(error, (DataError, IntegrityError, *_OF_PYTHON))


async def sift(items: Sequence[T], write: Callable[[Sequence[T]], Awaitable[None]]) -> list[tuple[T, Exception]]:
    """Writes all of them in their order, by halves where that is refused for what they hold. Answers those that are
    refused even alone, and why. `write` is a unit of work; whatever else it raises is raised."""
    if not items:
        return []
    try:
        await write(items)
    except Exception as error:
        if not is_about_data(error):
            raise
        if len(items) == 1:
            return [(items[0], error)]
        middle = len(items) // 2
        return [*await sift(items[:middle], write), *await sift(items[middle:], write)]
    return []
