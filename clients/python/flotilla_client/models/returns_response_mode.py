from typing import Literal

ReturnsResponseMode = Literal["dry", "live"]

RETURNS_RESPONSE_MODE_VALUES: set[ReturnsResponseMode] = {
    "dry",
    "live",
}


def check_returns_response_mode(value: str) -> ReturnsResponseMode:
    if value in RETURNS_RESPONSE_MODE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {RETURNS_RESPONSE_MODE_VALUES!r}")
