from typing import Literal

StopRequestOpenTrades = Literal["flatten", "keep"]

STOP_REQUEST_OPEN_TRADES_VALUES: set[StopRequestOpenTrades] = {
    "flatten",
    "keep",
}


def check_stop_request_open_trades(value: str) -> StopRequestOpenTrades:
    if value in STOP_REQUEST_OPEN_TRADES_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {STOP_REQUEST_OPEN_TRADES_VALUES!r}")
