from typing import Literal

HistoryRange = Literal["1h", "24h", "30d", "7d", "all"]

HISTORY_RANGE_VALUES: set[HistoryRange] = {
    "1h",
    "24h",
    "30d",
    "7d",
    "all",
}


def check_history_range(value: str) -> HistoryRange:
    if value in HISTORY_RANGE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {HISTORY_RANGE_VALUES!r}")
