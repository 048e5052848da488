from typing import Literal

Origin = Literal["default", "pool", "request", "strategy", "template"]

ORIGIN_VALUES: set[Origin] = {
    "default",
    "pool",
    "request",
    "strategy",
    "template",
}


def check_origin(value: str) -> Origin:
    if value in ORIGIN_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {ORIGIN_VALUES!r}")
