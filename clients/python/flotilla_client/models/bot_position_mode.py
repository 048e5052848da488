from typing import Literal

BotPositionMode = Literal["dry", "live"]

BOT_POSITION_MODE_VALUES: set[BotPositionMode] = {
    "dry",
    "live",
}


def check_bot_position_mode(value: str) -> BotPositionMode:
    if value in BOT_POSITION_MODE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {BOT_POSITION_MODE_VALUES!r}")
