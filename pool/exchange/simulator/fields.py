"""Reads the JSON bodies of control requests; what is wrong is told by the field's name."""

import json
from decimal import Decimal, InvalidOperation
from typing import Any

from pool.exchange.simulator.problems import Problem


def wrong(field: str, expected: str) -> Problem:
    return Problem(400, -1100, f"Field '{field}' must be {expected}.")


class Fields:
    """A JSON object. Every field is read once by name; `done` refuses those nobody read."""

    def __init__(self, body: bytes) -> None:
        try:
            content = json.loads(body) if body else {}
        except ValueError:
            raise Problem(400, -1100, "The body is not JSON.") from None
        if not isinstance(content, dict):
            raise Problem(400, -1100, "The body must be a JSON object.")
        self._content: dict[str, Any] = content
        self._read: set[str] = set()

    def done(self) -> None:
        unknown = sorted(set(self._content) - self._read)
        if unknown:
            raise Problem(400, -1104, f"Unknown field '{unknown[0]}'.")

    def text(self, field: str, default: str | None = None) -> str | None:
        value = self._take(field)
        if value is None:
            return default
        if not isinstance(value, str):
            raise wrong(field, "text")
        return value

    def flag(self, field: str) -> bool:
        value = self._take(field)
        if value not in (None, True, False):
            raise wrong(field, "true or false")
        return bool(value)

    def amount(self, field: str) -> Decimal | None:
        """A finite decimal, as text or number."""
        value = self._take(field)
        return None if value is None else as_decimal(field, value)

    def positive(self, field: str) -> Decimal:
        value = self.amount(field)
        if value is None or value <= 0:
            raise wrong(field, "a number above zero")
        return value

    def count(self, field: str, default: int | None = None) -> int | None:
        """A whole number, zero or more."""
        value = self._take(field)
        if value is None:
            return default
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise wrong(field, "a whole number, zero or more")
        return value

    def texts(self, field: str) -> list[str] | None:
        value = self._take(field)
        if value is not None and not (isinstance(value, list) and all(isinstance(one, str) for one in value)):
            raise wrong(field, "a list of texts")
        return value

    def mapping(self, field: str) -> dict[str, Any]:
        value = self._take(field)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise wrong(field, "an object")
        return value

    def _take(self, field: str) -> Any:
        self._read.add(field)
        return self._content.get(field)


def as_decimal(field: str, value: object) -> Decimal:
    """Raises `Problem` naming the field."""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise wrong(field, "a decimal number") from None
    if isinstance(value, bool) or not number.is_finite():
        raise wrong(field, "a decimal number")
    return number
