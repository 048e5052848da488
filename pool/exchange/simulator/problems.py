"""Binance's errors: an HTTP status and `{"code", "msg"}`, in Binance's words, since ccxt matches them."""

import json


class Problem(Exception):
    """An answer other than success. `headers` go with it."""

    def __init__(self, status: int, code: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}

    def body(self) -> bytes:
        """As sent."""
        return json.dumps({"code": self.code, "msg": self.message}, separators=(",", ":")).encode()


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
