"""What was asked and answered, counted: for `GET /v1/state` and for Prometheus."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from pool.contract.market import Refusal
from pool.exchange.gateway.clocks import Skew
from pool.exchange.gateway.crowd import Crowd

How = Literal["hit", "joined", "miss", "pass", "mapped"]
"""`mapped`: taken by a bot from candles that its pool has, and told by its agent."""
BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Histogram:
    """Counts by upper bound; cheap to add to."""

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS) + 1)
        self.total = 0.0

    def add(self, seconds: float) -> None:
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.total += seconds

    def cumulative(self) -> Iterator[tuple[str, float]]:
        running = 0
        for bound, count in zip((*map(str, BOUNDS), "+Inf"), self.counts, strict=True):
            running += count
            yield bound, running


@dataclass(slots=True)
class Tally:
    """Of one exchange."""

    requests: int = 0
    served: Counter[How] = field(default_factory=Counter)
    refused: Counter[Refusal] = field(default_factory=Counter)
    answered: Counter[str] = field(default_factory=Counter)
    """By the exchange: `2xx`, `3xx` and so on, `none` where no answer came."""
    upstream: int = 0
    permits: int = 0
    """Given to those who asked the exchange themselves."""
    failures: int = 0
    refused_upstream: int = 0
    asking: Histogram = field(default_factory=Histogram)
    """Seconds that the exchange took."""
    skew: Skew = field(default_factory=Skew)
    crowd: Crowd = field(default_factory=Crowd)

    def count_answer(self, status: int, seconds: float) -> None:
        self.answered[f"{status // 100}xx"] += 1
        self.failures += status >= 500
        self.refused_upstream += status in (418, 429)
        self.asking.add(seconds)

    def count_silence(self) -> None:
        self.answered["none"] += 1
        self.failures += 1
