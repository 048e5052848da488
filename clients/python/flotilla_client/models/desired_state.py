from typing import Literal

DesiredState = Literal["paused", "running", "stopped"]

DESIRED_STATE_VALUES: set[DesiredState] = {
    "paused",
    "running",
    "stopped",
}


def check_desired_state(value: str) -> DesiredState:
    if value in DESIRED_STATE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {DESIRED_STATE_VALUES!r}")
