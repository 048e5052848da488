from typing import Literal

LossLimitWindow = Literal["daily", "drawdown", "weekly"]

LOSS_LIMIT_WINDOW_VALUES: set[LossLimitWindow] = {
    "daily",
    "drawdown",
    "weekly",
}


def check_loss_limit_window(value: str) -> LossLimitWindow:
    if value in LOSS_LIMIT_WINDOW_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {LOSS_LIMIT_WINDOW_VALUES!r}")
