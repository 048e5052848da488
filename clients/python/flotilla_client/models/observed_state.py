from typing import Literal

ObservedState = Literal[
    "failed", "paused", "pending", "quarantined", "running", "starting", "stopped", "stopping", "unknown"
]

OBSERVED_STATE_VALUES: set[ObservedState] = {
    "failed",
    "paused",
    "pending",
    "quarantined",
    "running",
    "starting",
    "stopped",
    "stopping",
    "unknown",
}


def check_observed_state(value: str) -> ObservedState:
    if value in OBSERVED_STATE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {OBSERVED_STATE_VALUES!r}")
