"""Binance's errors: an HTTP status and `{"code", "msg"}`, in Binance's words, since ccxt matches them."""

import json
from http import HTTPStatus


class Problem(Exception):
    """An answer other than success. `headers` go with it."""

    def __init__(self, status: int, code: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}

    content_type = "application/json"

    def body(self) -> bytes:
        """As sent."""
        return json.dumps({"code": self.code, "msg": self.message}, separators=(",", ":")).encode()


class GatewayPage(Problem):
    """What stands in front of Binance answers with a page, not with a code: nobody knows what became of the request."""

    content_type = "text/html"

    def __init__(self, status: int) -> None:
        super().__init__(status, 0, HTTPStatus(status).phrase)

    def body(self) -> bytes:
        title = f"{self.status} {self.message}"
        return f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>".encode()


def missing(parameter: str) -> Problem:
    return Problem(400, -1102, f"Mandatory parameter '{parameter}' was not sent, was empty/null, or malformed.")


def illegal(parameter: str, legal: str) -> Problem:
    return Problem(400, -1100, f"Illegal characters found in parameter '{parameter}'; legal range is '{legal}'.")


def invalid_symbol() -> Problem:
    return Problem(400, -1121, "Invalid symbol.")


def filter_failure(name: str) -> Problem:
    return Problem(400, -1013, f"Filter failure: {name}")


def rejected(message: str) -> Problem:
    """An order that the matching engine did not take."""
    return Problem(400, -2010, message)


def unknown_path(method: str, path: str) -> Problem:
    return Problem(404, -5000, f"Path {path}, Method {method} is invalid")


INSUFFICIENT_BALANCE = "Account has insufficient balance for requested action."
DUPLICATE_ORDER = "Duplicate order sent."
WOULD_TRIGGER = "Stop price would trigger immediately."
WOULD_TAKE = "Order would immediately match and take."
