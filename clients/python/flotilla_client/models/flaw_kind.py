from typing import Literal

FlawKind = Literal["differs", "left_behind", "overdrawn", "unbalanced"]

FLAW_KIND_VALUES: set[FlawKind] = {
    "differs",
    "left_behind",
    "overdrawn",
    "unbalanced",
}


def check_flaw_kind(value: str) -> FlawKind:
    if value in FLAW_KIND_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {FLAW_KIND_VALUES!r}")
