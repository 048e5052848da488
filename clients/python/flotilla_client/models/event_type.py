from typing import Literal

EventType = Literal[
    "bot.exited",
    "bot.hung",
    "bot.message",
    "bot.quarantined",
    "bot.started",
    "bot.state",
    "bot.strategy",
    "bot.trader_state",
    "risk.action",
    "risk.alert",
    "risk.refused",
    "trade.entry",
    "trade.entry_cancel",
    "trade.entry_fill",
    "trade.exit",
    "trade.exit_cancel",
    "trade.exit_fill",
]

EVENT_TYPE_VALUES: set[EventType] = {
    "bot.exited",
    "bot.hung",
    "bot.message",
    "bot.quarantined",
    "bot.started",
    "bot.state",
    "bot.strategy",
    "bot.trader_state",
    "risk.action",
    "risk.alert",
    "risk.refused",
    "trade.entry",
    "trade.entry_cancel",
    "trade.entry_fill",
    "trade.exit",
    "trade.exit_cancel",
    "trade.exit_fill",
}


def check_event_type(value: str) -> EventType:
    if value in EVENT_TYPE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {EVENT_TYPE_VALUES!r}")
