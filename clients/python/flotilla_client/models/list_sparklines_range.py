from typing import Literal

ListSparklinesRange = Literal["1h", "24h", "7d"]

LIST_SPARKLINES_RANGE_VALUES: set[ListSparklinesRange] = {
    "1h",
    "24h",
    "7d",
}


def check_list_sparklines_range(value: str) -> ListSparklinesRange:
    if value in LIST_SPARKLINES_RANGE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {LIST_SPARKLINES_RANGE_VALUES!r}")
