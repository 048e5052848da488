"""Request weights as Binance counts them: per address and minute, refused past the limit, banned if it goes on."""

from dataclasses import dataclass, field

from pool.exchange.simulator.problems import Problem

UNLIMITED = 100_000_000
_REFUSALS_UNTIL_BAN = 10
_BAN_SECONDS = 120


@dataclass
class _Use:
    minute: int = 0
    weight: int = 0
    refusals: int = 0
    banned_until: int = 0


@dataclass
class WeightLimit:
    """`limit` is weight per minute and address."""

    limit: int = UNLIMITED
    _uses: dict[str, _Use] = field(default_factory=dict)

    def charge(self, address: str, weight: int, second: int) -> int:
        """Weight used in this minute, this call included. Raises `Problem`: 429 past the limit, 418 while banned."""
        use = self._uses.setdefault(address, _Use())
        if use.banned_until > second:
            raise _banned(use.banned_until, second)
        if use.minute != second // 60:
            use.minute, use.weight, use.refusals = second // 60, 0, 0
        use.weight += weight
        if use.weight > self.limit:
            use.refusals += 1
            if use.refusals > _REFUSALS_UNTIL_BAN:
                use.banned_until = second + _BAN_SECONDS
                raise _banned(use.banned_until, second)
            raise too_many_requests(60 - second % 60, self.limit)
        return use.weight

    def reset(self) -> None:
        """Forget all use and lift all bans."""
        self._uses.clear()


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
