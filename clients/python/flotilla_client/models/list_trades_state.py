from typing import Literal

ListTradesState = Literal["all", "closed", "open"]

LIST_TRADES_STATE_VALUES: set[ListTradesState] = {
    "all",
    "closed",
    "open",
}


def check_list_trades_state(value: str) -> ListTradesState:
    if value in LIST_TRADES_STATE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {LIST_TRADES_STATE_VALUES!r}")
