from typing import Literal

ListCandlesType = Literal["funding_rate", "futures", "mark", "spot"]

LIST_CANDLES_TYPE_VALUES: set[ListCandlesType] = {
    "funding_rate",
    "futures",
    "mark",
    "spot",
}


def check_list_candles_type(value: str) -> ListCandlesType:
    if value in LIST_CANDLES_TYPE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {LIST_CANDLES_TYPE_VALUES!r}")
