from typing import Literal

ExchangeResponseTradingModesItem = Literal["futures", "spot"]

EXCHANGE_RESPONSE_TRADING_MODES_ITEM_VALUES: set[ExchangeResponseTradingModesItem] = {
    "futures",
    "spot",
}


def check_exchange_response_trading_modes_item(value: str) -> ExchangeResponseTradingModesItem:
    if value in EXCHANGE_RESPONSE_TRADING_MODES_ITEM_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {EXCHANGE_RESPONSE_TRADING_MODES_ITEM_VALUES!r}")
