"""What time it is at an exchange, as far as this machine can tell. Pure."""

from dataclasses import dataclass

from pool.exchange.gateway.clocks import wall_clock_ms


@dataclass(frozen=True, slots=True)
class Now:
    """By this machine's wall clock, in milliseconds. `skew_ms` is what the exchange's is ahead of it; None where that
    is not known, or not since our clock jumped, which it did `jumps` times."""

    wall_ms: int
    skew_ms: int | None = None
    jumps: int = 0

    @property
    def there(self) -> int:
        """By the exchange's clock, or by ours where it is not known."""
        return self.wall_ms + (self.skew_ms or 0)


@dataclass(frozen=True, slots=True)
class Asked:
    """When a question left, by the exchange's clock; not `certain`: by one that may be wrong."""

    ms: int
    certain: bool

    @classmethod
    def between(cls, before: Now, after: Now) -> "Asked":
        """Of a question that left after the first and was answered before the second: its answer may have told what
        time it is there."""
        certain = before.jumps == after.jumps and after.skew_ms is not None
        return cls(Now(before.wall_ms, after.skew_ms).there, certain)


def by_our_clock(_exchange: str) -> Now:
    """Where nobody knows the exchanges' clocks."""
    return Now(wall_clock_ms())
