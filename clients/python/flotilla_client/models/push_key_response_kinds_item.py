from typing import Literal

PushKeyResponseKindsItem = Literal["alerts", "bot_failed", "entries_refused", "halts", "trades_closed"]

PUSH_KEY_RESPONSE_KINDS_ITEM_VALUES: set[PushKeyResponseKindsItem] = {
    "alerts",
    "bot_failed",
    "entries_refused",
    "halts",
    "trades_closed",
}


def check_push_key_response_kinds_item(value: str) -> PushKeyResponseKindsItem:
    if value in PUSH_KEY_RESPONSE_KINDS_ITEM_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {PUSH_KEY_RESPONSE_KINDS_ITEM_VALUES!r}")
