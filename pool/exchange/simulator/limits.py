"""Request weights as Binance counts them: per address, minute and family of its interfaces (each has hosts of its own),
refused past the limit, banned if it goes on."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Literal

from pool.exchange.simulator.problems import Problem

UNLIMITED = 100_000_000
_REFUSALS_UNTIL_BAN = 10
_BAN_SECONDS = 120

Family = Literal["api", "fapi", "dapi", "sapi"]
_HEADERS: dict[Family, tuple[str, ...]] = {
    "api": ("X-MBX-USED-WEIGHT", "X-MBX-USED-WEIGHT-1M"),
    "fapi": ("X-MBX-USED-WEIGHT-1M",),
    "dapi": ("X-MBX-USED-WEIGHT-1M",),
    "sapi": ("X-SAPI-USED-IP-WEIGHT-1M",),
}


@dataclass
class _Use:
    minute: int = 0
    weight: int = 0
    refusals: int = 0
    banned_until: int = 0


@dataclass
class WeightLimit:
    """`limit` is weight per minute and address, of each family; `futures` that of perpetuals, where it is another."""

    limit: int = UNLIMITED
    futures: int | None = None
    charged: int = 0
    """Weight of all calls that were let through, since the last `reset`."""
    refused: int = 0
    """Calls that were answered 429."""
    banned: int = 0
    """And 418."""
    _uses: dict[tuple[Family, str], _Use] = field(default_factory=lambda: defaultdict(_Use))

    def limit_of(self, family: Family) -> int:
        return self.limit if family != "fapi" or self.futures is None else self.futures

    def charge(self, address: str, weight: int, second: int, family: Family = "api") -> int:
        """Weight used in this minute, this call included. Raises `Problem`: 429 past the limit, 418 while banned."""
        use, limit = self._uses[family, address], self.limit_of(family)
        if use.banned_until > second:
            self.banned += 1
            raise _banned(use.banned_until, second)
        if use.minute != second // 60:
            use.minute, use.weight, use.refusals = second // 60, 0, 0
        use.weight += weight
        if use.weight > limit:
            use.refusals += 1
            if use.refusals > _REFUSALS_UNTIL_BAN:
                use.banned_until = second + _BAN_SECONDS
                self.banned += 1
                raise _banned(use.banned_until, second)
            self.refused += 1
            raise too_many_requests(60 - second % 60, limit)
        self.charged += weight
        return use.weight

    def reset(self) -> None:
        """Forget all use and lift all bans."""
        self._uses.clear()
        self.charged = self.refused = self.banned = 0


def family_of(path: str) -> Family:
    """Of a request: `/fapi/v1/klines` is one of `fapi`; what is none of the others is spot's."""
    match path.split("/", 2)[1:2]:
        case ["fapi"]:
            return "fapi"
        case ["dapi"]:
            return "dapi"
        case ["sapi"]:
            return "sapi"
        case _:
            return "api"


def told(family: Family, used: int) -> dict[str, str]:
    """Headers of an answer."""
    return dict.fromkeys(_HEADERS[family], str(used))


def too_many_requests(retry_after_seconds: int, limit: int) -> Problem:
    text = (
        f"Too much request weight used; current limit is {limit} request weight per 1 MINUTE. "
        "Please use WebSocket Streams for live updates to avoid polling the API."
    )
    return Problem(429, -1003, text, {"Retry-After": str(retry_after_seconds)})


def _banned(until: int, second: int) -> Problem:
    text = (
        f"Way too much request weight used; IP banned until {until * 1000}. "
        "Please use WebSocket Streams for live updates to avoid bans."
    )
    return Problem(418, -1003, text, {"Retry-After": str(until - second)})
