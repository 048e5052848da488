from typing import Literal

BotHistoryRange = Literal["1h", "24h", "30d", "7d", "all"]

BOT_HISTORY_RANGE_VALUES: set[BotHistoryRange] = {
    "1h",
    "24h",
    "30d",
    "7d",
    "all",
}


def check_bot_history_range(value: str) -> BotHistoryRange:
    if value in BOT_HISTORY_RANGE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {BOT_HISTORY_RANGE_VALUES!r}")
