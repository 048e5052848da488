from typing import Literal

ListActionsKindType0 = Literal[
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

LIST_ACTIONS_KIND_TYPE_0_VALUES: set[ListActionsKindType0] = {
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


def check_list_actions_kind_type_0(value: str) -> ListActionsKindType0:
    if value in LIST_ACTIONS_KIND_TYPE_0_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {LIST_ACTIONS_KIND_TYPE_0_VALUES!r}")
