from typing import Literal

StopBotOpenTradesType0 = Literal["flatten", "keep"]

STOP_BOT_OPEN_TRADES_TYPE_0_VALUES: set[StopBotOpenTradesType0] = {
    "flatten",
    "keep",
}


def check_stop_bot_open_trades_type_0(value: str) -> StopBotOpenTradesType0:
    if value in STOP_BOT_OPEN_TRADES_TYPE_0_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {STOP_BOT_OPEN_TRADES_TYPE_0_VALUES!r}")
