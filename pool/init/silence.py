"""How long the agent has said nothing while init itself was running: a hung one keeps its channel open.

Each look counts for a few seconds at most, so neither a machine that was suspended nor an init that stood still makes
an agent look hung.
"""

_LOOK_LIMIT_SECONDS = 2.0
"""Init looks at least once a second; where more went by, it was not the agent alone that stood still."""
_START_SECONDS = 120.0
"""Least patience before the first word: a loaded machine may take long to import and to adopt."""


class Silence:
    """Times are monotonic seconds, given by the caller."""

    def __init__(self, patience_seconds: float) -> None:
        self._patience_seconds = patience_seconds
        self._allowed_seconds = max(patience_seconds, _START_SECONDS)
        self._seconds = 0.0
        self._looked_at: float | None = None

    def begin(self) -> None:
        """A new one was started."""
        self._allowed_seconds = max(self._patience_seconds, _START_SECONDS)
        self._seconds = 0.0

    def broken(self) -> None:
        """It spoke."""
        self._allowed_seconds = self._patience_seconds
        self._seconds = 0.0

    def is_too_long(self, now: float) -> bool:
        """True when patience ends, and again each time it ends anew."""
        if self._looked_at is not None:
            self._seconds += min(max(now - self._looked_at, 0.0), _LOOK_LIMIT_SECONDS)
        self._looked_at = now
        if self._seconds <= self._allowed_seconds:
            return False
        self._seconds = 0.0
        return True
