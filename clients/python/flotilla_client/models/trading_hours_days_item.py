from typing import Literal

TradingHoursDaysItem = Literal["fri", "mon", "sat", "sun", "thu", "tue", "wed"]

TRADING_HOURS_DAYS_ITEM_VALUES: set[TradingHoursDaysItem] = {
    "fri",
    "mon",
    "sat",
    "sun",
    "thu",
    "tue",
    "wed",
}


def check_trading_hours_days_item(value: str) -> TradingHoursDaysItem:
    if value in TRADING_HOURS_DAYS_ITEM_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {TRADING_HOURS_DAYS_ITEM_VALUES!r}")
