from typing import Literal

DeleteBotOpenTradesType0 = Literal["flatten", "keep"]

DELETE_BOT_OPEN_TRADES_TYPE_0_VALUES: set[DeleteBotOpenTradesType0] = {
    "flatten",
    "keep",
}


def check_delete_bot_open_trades_type_0(value: str) -> DeleteBotOpenTradesType0:
    if value in DELETE_BOT_OPEN_TRADES_TYPE_0_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {DELETE_BOT_OPEN_TRADES_TYPE_0_VALUES!r}")
