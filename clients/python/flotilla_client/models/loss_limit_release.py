from typing import Literal

LossLimitRelease = Literal["after_hours", "manual", "next_day"]

LOSS_LIMIT_RELEASE_VALUES: set[LossLimitRelease] = {
    "after_hours",
    "manual",
    "next_day",
}


def check_loss_limit_release(value: str) -> LossLimitRelease:
    if value in LOSS_LIMIT_RELEASE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {LOSS_LIMIT_RELEASE_VALUES!r}")
