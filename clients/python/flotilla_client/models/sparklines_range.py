from typing import Literal

SparklinesRange = Literal["1h", "24h", "7d"]

SPARKLINES_RANGE_VALUES: set[SparklinesRange] = {
    "1h",
    "24h",
    "7d",
}


def check_sparklines_range(value: str) -> SparklinesRange:
    if value in SPARKLINES_RANGE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {SPARKLINES_RANGE_VALUES!r}")
