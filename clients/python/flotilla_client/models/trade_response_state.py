from typing import Literal

TradeResponseState = Literal["closed", "open"]

TRADE_RESPONSE_STATE_VALUES: set[TradeResponseState] = {
    "closed",
    "open",
}


def check_trade_response_state(value: str) -> TradeResponseState:
    if value in TRADE_RESPONSE_STATE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {TRADE_RESPONSE_STATE_VALUES!r}")
