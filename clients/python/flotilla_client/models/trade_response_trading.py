from typing import Literal

TradeResponseTrading = Literal["dry", "live"]

TRADE_RESPONSE_TRADING_VALUES: set[TradeResponseTrading] = {
    "dry",
    "live",
}


def check_trade_response_trading(value: str) -> TradeResponseTrading:
    if value in TRADE_RESPONSE_TRADING_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {TRADE_RESPONSE_TRADING_VALUES!r}")
