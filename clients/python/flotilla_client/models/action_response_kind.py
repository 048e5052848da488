from typing import Literal

ActionResponseKind = Literal[
    "adjust",
    "alert",
    "cancel_entry",
    "close",
    "entry",
    "flatten",
    "mode",
    "partial_close",
    "reduce",
    "refused",
    "stop_moved",
]

ACTION_RESPONSE_KIND_VALUES: set[ActionResponseKind] = {
    "adjust",
    "alert",
    "cancel_entry",
    "close",
    "entry",
    "flatten",
    "mode",
    "partial_close",
    "reduce",
    "refused",
    "stop_moved",
}


def check_action_response_kind(value: str) -> ActionResponseKind:
    if value in ACTION_RESPONSE_KIND_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {ACTION_RESPONSE_KIND_VALUES!r}")
