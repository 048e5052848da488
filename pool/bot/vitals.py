"""What the heartbeat tells: written by the main thread, read by the reporting thread each second.

Plain attributes: each is replaced whole, and a heartbeat that mixes two moments does no harm.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pool.contract.frames import Heartbeat

PATIENCE_BUILDING_SECONDS = 240.0
"""Markets are loaded in up to four attempts of several requests that may each wait for their time-out."""
PATIENCE_STARTUP_SECONDS = 180.0
"""The first loop fetches the startup candles of all pairs and may update open orders."""
PATIENCE_SECONDS = 90.0
"""Between two points of progress: an analysis of all pairs, or one request with its time-out and longest back-off."""


@dataclass
class Vitals:
    phase: Literal["booting", "running", "stopping"] = "booting"
    trader_state: str | None = None
    progress: int = 0
    patience_seconds: float = PATIENCE_BUILDING_SECONDS
    observed_generation: int = 0
    paused_by_flotilla: bool = False
    flat: bool | None = None

    def step(self) -> None:
        """The main loop passed a point of progress."""
        self.progress += 1

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
        )
