from typing import Literal

BotResponseTrading = Literal["dry_run", "live", "paper_live"]

BOT_RESPONSE_TRADING_VALUES: set[BotResponseTrading] = {
    "dry_run",
    "live",
    "paper_live",
}


def check_bot_response_trading(value: str) -> BotResponseTrading:
    if value in BOT_RESPONSE_TRADING_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {BOT_RESPONSE_TRADING_VALUES!r}")
