from typing import Literal

BotResponseAccess = Literal["operate", "own", "view"]

BOT_RESPONSE_ACCESS_VALUES: set[BotResponseAccess] = {
    "operate",
    "own",
    "view",
}


def check_bot_response_access(value: str) -> BotResponseAccess:
    if value in BOT_RESPONSE_ACCESS_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {BOT_RESPONSE_ACCESS_VALUES!r}")
