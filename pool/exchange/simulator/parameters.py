"""Parameters of a request, read as strictly as Binance reads them."""

import json
import re
from collections.abc import Mapping
from decimal import Decimal

from pool.exchange.simulator.problems import Problem, illegal, missing

_INTEGER = re.compile(r"[0-9]{1,20}")
_DECIMAL = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20})?")


class Parameters:
    """Query and form parameters of one request. Methods raise `Problem` with Binance's codes."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def text(self, name: str) -> str | None:
        """None if not sent; an empty one counts as malformed."""
        value = self._values.get(name)
        if value == "":
            raise Problem(400, -1105, f"Parameter '{name}' was empty.")
        return value

    def required(self, name: str) -> str:
        value = self._values.get(name)
        if not value:
            raise missing(name)
        return value

    def integer(self, name: str) -> int | None:
        value = self.text(name)
        if value is None:
            return None
        if not _INTEGER.fullmatch(value):
            raise illegal(name, "^[0-9]{1,20}$")
        return int(value)

    def limit(self, default: int, most: int) -> int:
        """`limit`, cut to `most` as Binance does. Zero is an error."""
        value = self.integer("limit")
        if value is None:
            return default
        if value == 0:
            raise Problem(400, -1130, "Data sent for parameter 'limit' is not valid.")
        return min(value, most)

    def decimal(self, name: str) -> Decimal | None:
        value = self.text(name)
        if value is None:
            return None
        if not _DECIMAL.fullmatch(value):
            raise illegal(name, "^([0-9]{1,20})(\\.[0-9]{1,20})?$")
        return Decimal(value)

    def symbols(self) -> list[str] | None:
        """`symbol` as a list of one, or `symbols`, a JSON list; None if neither was sent."""
        one, several = self.text("symbol"), self.text("symbols")
        if one is not None and several is not None:
            raise Problem(400, -1128, "Combination of optional parameters invalid.")
        if one is not None:
            return [one]
        if several is None:
            return None
        try:
            names = json.loads(several)
        except ValueError:
            names = None
        if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
            raise illegal("symbols", '^\\["[A-Z0-9-_.]{1,20}"(,"[A-Z0-9-_.]{1,20}"){0,}\\]$')
        return names
