"""What a bot may say. It runs a user's code, which can make its frames say anything, and what an agent passes on is
stored and told to others by everything behind it: so the agent takes no frame that is beyond these bounds.

They hold at the agent's socket alone. `Slot`, `Event` and `BotSnapshot` as such are not bounded: whoever reads an agent
of another version would lose all of its bots for what one of them said.
"""

import math
from datetime import UTC, datetime
from decimal import Decimal
from types import NoneType
from typing import Annotated, ClassVar, Self

from pydantic import BaseModel, Field, model_validator

from pool.contract.model import Wire

INTEGER_LIMIT = 2**31 - 1
"""What an INTEGER column holds."""
LONG_LIMIT = 2**63 - 1
TEXT_LIMIT = 8192
"""Characters of one text."""
_FRAME_LIMIT = 65_536
_VALUE_COST = 8
_DEPTH_LIMIT = 12
_AMOUNT_LIMIT = Decimal(10) ** 20
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)
_PLAIN = (str, int, float, NoneType, Decimal, datetime)

Count = Annotated[int, Field(ge=0, le=INTEGER_LIMIT)]
"""A number that is stored in a column of its own."""


class Reported(Wire):
    """Base of a bot's frames. Raises ValidationError for texts that are too long or hold a NUL, numbers that are not
    finite or too large, times that no clock shows, and for what is too deep or, all in all, too large."""

    size_limit: ClassVar[int] = _FRAME_LIMIT
    """Characters of all of its values, and `_VALUE_COST` more for each."""
    integer_limit: ClassVar[int] = LONG_LIMIT

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        _Measure(self.size_limit, self.integer_limit).take(self, 0)
        return self


class _Measure:
    """Adds up what values take; raises ValueError, which quotes none of them, at the first that is out of bounds."""

    def __init__(self, size_limit: int, integer_limit: int) -> None:
        self._left = size_limit
        self._integer_limit = integer_limit

    def take(self, value: object, depth: int) -> None:
        plain = isinstance(value, _PLAIN)  # asked first: what a model is takes pydantic as long as all else here
        self._left -= _VALUE_COST + (self._size(value) if plain else 0)
        if self._left < 0:
            raise ValueError("is too large")
        if depth > _DEPTH_LIMIT:
            raise ValueError("is nested too deep")
        if not plain:
            for part in _parts(value):
                self.take(part, depth + 1)

    def _size(self, value: object) -> int:
        match value:
            case str():
                if len(value) > TEXT_LIMIT or "\0" in value:
                    raise ValueError(f"holds a text with a NUL, or of more than {TEXT_LIMIT} characters")
                return len(value)
            case int():
                if abs(value) > self._integer_limit:
                    raise ValueError("holds an integer that is too large")
            case float():
                if not math.isfinite(value):
                    raise ValueError("holds a number that is not finite")
            case Decimal():
                if abs(value) >= _AMOUNT_LIMIT:
                    raise ValueError("holds an amount that is too large")
                return len(value.as_tuple().digits)
            case datetime():
                if not _EARLIEST <= value <= _LATEST:
                    raise ValueError("holds a time that no clock shows")
        return 0


def _parts(value: object) -> list[object]:
    match value:
        case BaseModel():
            return list(value.__dict__.values())
        case dict():
            return [*value.keys(), *value.values()]
        case list():
            return value
    return []
