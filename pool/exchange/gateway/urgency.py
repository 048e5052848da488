"""How often somebody's prices go first: what claims that is only a header. Pure."""

from dataclasses import dataclass, field

MOST_AT_ONCE = 40.0
"""A market that falls crosses many stops in one moment."""
PER_SECOND = 4.0
_MOST_KNOWN = 1_000


@dataclass(slots=True)
class Urgency:
    """Of each address: it cannot lie."""

    _left: dict[str, tuple[float, float]] = field(default_factory=dict)
    """What each has left, and when (monotonic seconds)."""

    def take(self, peer: str, now: float) -> bool:
        """Whether what it asks now is urgent; else it is a price as others are."""
        left, at = self._left.get(peer, (MOST_AT_ONCE, now))
        left = min(MOST_AT_ONCE, left + max(0.0, now - at) * PER_SECOND)
        if len(self._left) >= _MOST_KNOWN and peer not in self._left:
            self._left.clear()
        self._left[peer] = (left - 1.0 if left >= 1.0 else left, now)
        return left >= 1.0
