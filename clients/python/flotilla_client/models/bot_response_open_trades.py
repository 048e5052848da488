from typing import Literal

BotResponseOpenTrades = Literal["flatten", "keep"]

BOT_RESPONSE_OPEN_TRADES_VALUES: set[BotResponseOpenTrades] = {
    "flatten",
    "keep",
}


def check_bot_response_open_trades(value: str) -> BotResponseOpenTrades:
    if value in BOT_RESPONSE_OPEN_TRADES_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {BOT_RESPONSE_OPEN_TRADES_VALUES!r}")
