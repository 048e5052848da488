from typing import Literal

GetBotHistoryRange = Literal["1h", "24h", "30d", "7d", "all"]

GET_BOT_HISTORY_RANGE_VALUES: set[GetBotHistoryRange] = {
    "1h",
    "24h",
    "30d",
    "7d",
    "all",
}


def check_get_bot_history_range(value: str) -> GetBotHistoryRange:
    if value in GET_BOT_HISTORY_RANGE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {GET_BOT_HISTORY_RANGE_VALUES!r}")
