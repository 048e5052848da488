"""What rules did, counted for Prometheus since this process began to lead. No I/O.

Rules and limits are what bots say, so only so many different ones are told apart; all others count as `other`.
"""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from orchestrator.actions.service import REFUSED, Told

OTHER = "other"
DELAY_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 1.5, 2.5, 5, 10, 30, 60)
"""Seconds."""
SLIPPAGE_BUCKETS = (-0.01, -0.001, 0, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1)
"""Ratios of the price seen; positive is worse."""
_LABELS = 64
_LABEL = re.compile(r"[a-z][a-z0-9_.]{0,63}")


@dataclass(slots=True)
class Distribution:
    """Counts by bucket; the last one has no bound."""

    bounds: Sequence[float]
    counts: list[int] = field(default_factory=list)
    total: float = 0.0

    def __post_init__(self) -> None:
        self.counts = [0] * (len(self.bounds) + 1)

    def add(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def cumulated(self) -> list[tuple[str, float]]:
        """Upper bound and how many are at most that, as Prometheus wants them."""
        told, so_far = [], 0
        for bound, count in zip([*map(str, self.bounds), "+Inf"], self.counts, strict=True):
            so_far += count
            told.append((bound, float(so_far)))
        return told


class Tally:
    """One per process."""

    def __init__(self) -> None:
        self.actions: Counter[tuple[str, str]] = Counter()
        """By rule and stage."""
        self.refused: Counter[str] = Counter()
        """By limit."""
        self.delays: dict[str, Distribution] = {}
        """From the decision to a stage, by stage."""
        self.slippage = Distribution(SLIPPAGE_BUCKETS)
        self._known: dict[str, set[str]] = {}

    def count(self, told: Iterable[Told]) -> None:
        """Of what was stored."""
        for one in told:
            if one.kind == REFUSED:
                self.refused[self._label("limit", one.rule)] += 1
            if one.action is None:
                continue
            self.actions[self._label("rule", one.rule), one.stage] += 1
            if one.action.delay_seconds is not None:
                self.delays.setdefault(one.stage, Distribution(DELAY_BUCKETS)).add(one.action.delay_seconds)
            if one.stage == "filled" and one.action.slippage_ratio is not None:
                self.slippage.add(float(one.action.slippage_ratio))

    def _label(self, name: str, value: str) -> str:
        known = self._known.setdefault(name, set())
        if value not in known:
            if len(known) >= _LABELS or not _LABEL.fullmatch(value):
                return OTHER
            known.add(value)
        return value
