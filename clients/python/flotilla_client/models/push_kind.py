from typing import Literal

PushKind = Literal["alerts", "bot_failed", "entries_refused", "halts", "trades_closed"]

PUSH_KIND_VALUES: set[PushKind] = {
    "alerts",
    "bot_failed",
    "entries_refused",
    "halts",
    "trades_closed",
}


def check_push_kind(value: str) -> PushKind:
    if value in PUSH_KIND_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {PUSH_KIND_VALUES!r}")
