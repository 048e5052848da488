"""What the heartbeat tells: written by the main thread; read by the reporting thread each second, and whenever it wakes
to find that the state has changed.

Plain attributes: each is replaced whole, and a heartbeat that mixes two moments does no harm.
"""

import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from pool.contract.frames import Heartbeat
from pool.contract.risk import Mode
from pool.contract.waking import WakingState

PATIENCE_BUILDING_SECONDS = 240.0
"""Markets are loaded in up to four attempts of several requests that may each wait for their time-out."""
PATIENCE_STARTUP_SECONDS = 180.0
"""The first loop fetches the startup candles of all pairs and may update open orders."""
PATIENCE_SECONDS = 45.0
"""Between two points of progress at the least: a request with its time-out and the longest back-off, or an analysis."""
_PATIENCE_FACTOR = 3.0
"""A strategy that has been seen to compute for long is granted this many times as long."""


@dataclass
class Vitals:
    phase: Literal["booting", "running", "stopping"] = "booting"
    trader_state: str | None = None
    progress: int = 0
    patience_seconds: float = PATIENCE_BUILDING_SECONDS
    observed_generation: int = 0
    paused_by_flotilla: bool = False
    flat: bool | None = None
    mode: Mode | None = None
    policy: str | None = None
    """Fingerprint."""
    waking: WakingState | None = None
    candles_taken: int = 0
    _longest_gap: float = 0.0
    _stepped_at: float = field(default_factory=time.monotonic)

    def step(self) -> None:
        """The main loop passed a point of progress."""
        now = time.monotonic()
        self._longest_gap = max(self._longest_gap, now - self._stepped_at)
        self._stepped_at = now
        self.progress += 1

    def took_candles(self) -> None:
        """From those that are mapped, in place of an answer."""
        self.candles_taken += 1

    def be_patient(self, seconds: float) -> None:
        """Something begins that may take so long without progress."""
        self.patience_seconds = seconds

    def begin(self, seconds: float) -> None:
        """FreqTrade is built; its first loop may take so long. The building was no measure of its loops."""
        self.phase = "running"
        self._stepped_at = time.monotonic()
        self._longest_gap = 0.0
        self.be_patient(seconds)

    def looped(self) -> None:
        """A loop of FreqTrade is over: from now on patience is what its own loops have shown to need."""
        self.patience_seconds = max(PATIENCE_SECONDS, _PATIENCE_FACTOR * self._longest_gap)

    @property
    def state(self) -> tuple[object, ...]:
        """What nobody should wait a second to hear when it changes."""
        return (
            self.phase,
            self.trader_state,
            self.observed_generation,
            self.paused_by_flotilla,
            self.flat,
            self.mode,
            self.policy,
            self.waking is not None,
        )

    def heartbeat(self, at: datetime) -> Heartbeat:
        return Heartbeat(
            at=at,
            phase=self.phase,
            trader_state=self.trader_state,
            progress=self.progress,
            patience_seconds=self.patience_seconds,
            observed_generation=self.observed_generation,
            paused_by_flotilla=self.paused_by_flotilla,
            flat=self.flat,
            mode=self.mode,
            policy=self.policy,
            waking=self.waking,
            candles_taken=self.candles_taken,
        )
