"""Routes that read JSON exactly.

Python's JSON reader turns `0.1` into a binary float; money must not pass through one. Here every number with a fraction
arrives as a Decimal. What JSON does not know (NaN, Infinity) and text that no database stores (NUL, lone surrogates) is
refused as malformed.
"""

import json
from collections.abc import Callable, Coroutine
from decimal import Decimal
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

_SUSPECT = (b"\\u0000", b"\\ud")


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
        value = json.loads(body, parse_float=Decimal, parse_constant=_refuse_constant)
        lowered = body.lower()
        if b"\0" in body or (any(mark in lowered for mark in _SUSPECT) and not _is_text(value)):
            raise json.JSONDecodeError("text must not hold NUL or lone surrogates", "", 0)
        return value


def _refuse_constant(name: str) -> Any:
    raise HTTPException(400, f"{name} is not JSON")


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
