from typing import Literal

WakingResponseMode = Literal["loop", "on_need"]

WAKING_RESPONSE_MODE_VALUES: set[WakingResponseMode] = {
    "loop",
    "on_need",
}


def check_waking_response_mode(value: str) -> WakingResponseMode:
    if value in WAKING_RESPONSE_MODE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {WAKING_RESPONSE_MODE_VALUES!r}")
