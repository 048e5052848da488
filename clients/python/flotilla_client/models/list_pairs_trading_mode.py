from typing import Literal

ListPairsTradingMode = Literal["futures", "spot"]

LIST_PAIRS_TRADING_MODE_VALUES: set[ListPairsTradingMode] = {
    "futures",
    "spot",
}


def check_list_pairs_trading_mode(value: str) -> ListPairsTradingMode:
    if value in LIST_PAIRS_TRADING_MODE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {LIST_PAIRS_TRADING_MODE_VALUES!r}")
