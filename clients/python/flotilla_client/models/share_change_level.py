from typing import Literal

ShareChangeLevel = Literal["operate", "view"]

SHARE_CHANGE_LEVEL_VALUES: set[ShareChangeLevel] = {
    "operate",
    "view",
}


def check_share_change_level(value: str) -> ShareChangeLevel:
    if value in SHARE_CHANGE_LEVEL_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {SHARE_CHANGE_LEVEL_VALUES!r}")
