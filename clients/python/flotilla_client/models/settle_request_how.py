from typing import Literal

SettleRequestHow = Literal["acknowledge", "adopt"]

SETTLE_REQUEST_HOW_VALUES: set[SettleRequestHow] = {
    "acknowledge",
    "adopt",
}


def check_settle_request_how(value: str) -> SettleRequestHow:
    if value in SETTLE_REQUEST_HOW_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {SETTLE_REQUEST_HOW_VALUES!r}")
