"""Routes that read JSON exactly.

Python's JSON reader turns `0.1` into a binary float; money must not pass through one. Here every number with a fraction
arrives as a Decimal. What JSON does not know (NaN, Infinity), text that no database stores (NUL, lone surrogates) and
objects that name a field twice, of which one would count and nobody could say which, are refused as malformed. So are
numbers beyond all that a binary float takes: `1e999999999` is short, but as an integer it fills the memory.
"""

import json
from collections.abc import Callable, Coroutine
from decimal import Decimal, InvalidOperation
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

_SUSPECT = (b"\\u0000", b"\\ud")
_MOST_POWER = 400
"""Of ten; binary floats end at 308 and begin at -324."""
_MOST_DIGITS = 1_000


class ExactRoute(APIRoute):
    """Route class of every router that takes a JSON body."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_exactly(request: Request) -> Response:
            return await handle(_ExactRequest(request.scope, request.receive))

        return handle_exactly


class _ExactRequest(Request):
    async def json(self) -> Any:
        body = await self.body()
        value = json.loads(
            body,
            parse_float=_decimal,
            parse_int=_integer,
            parse_constant=_refuse_constant,
            object_pairs_hook=_each_once,
        )
        lowered = body.lower()
        if b"\0" in body or (any(mark in lowered for mark in _SUSPECT) and not _is_text(value)):
            raise json.JSONDecodeError("text must not hold NUL or lone surrogates", "", 0)
        return value


def _refuse_constant(name: str) -> Any:
    raise json.JSONDecodeError(f"{name} is no number in JSON", "", 0)


def _decimal(digits: str) -> Decimal:
    try:
        value = Decimal(digits) if len(digits) <= _MOST_DIGITS else None
    except InvalidOperation:  # an exponent that even a Decimal does not take
        value = None
    if value is None or abs(value.adjusted()) > _MOST_POWER:
        raise json.JSONDecodeError("a number is too large, too small or too long", "", 0)
    return value


def _integer(digits: str) -> int:
    try:
        return int(digits)
    except ValueError:  # Python reads no more than some thousands of digits
        raise json.JSONDecodeError(f"a number has {len(digits)} digits", "", 0) from None


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for name, one in pairs:
        if name in value:
            raise json.JSONDecodeError(f"{name[:64]!r} is given twice", "", 0)
        value[name] = one
    return value


def _is_text(value: Any) -> bool:
    """Whether every string in the value can be stored."""
    rest = [value]
    while rest:
        one = rest.pop()
        if isinstance(one, dict):
            rest.extend(one)
            rest.extend(one.values())
        elif isinstance(one, list):
            rest.extend(one)
        elif isinstance(one, str) and ("\0" in one or not _encodes(one)):
            return False
    return True


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
