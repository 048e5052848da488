from typing import Literal

EntryKind = Literal[
    "allocate", "deposit", "fee", "fill", "funding", "realised", "reconciliation", "take_back", "withdraw"
]

ENTRY_KIND_VALUES: set[EntryKind] = {
    "allocate",
    "deposit",
    "fee",
    "fill",
    "funding",
    "realised",
    "reconciliation",
    "take_back",
    "withdraw",
}


def check_entry_kind(value: str) -> EntryKind:
    if value in ENTRY_KIND_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {ENTRY_KIND_VALUES!r}")
