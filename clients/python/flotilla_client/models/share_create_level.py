from typing import Literal

ShareCreateLevel = Literal["operate", "view"]

SHARE_CREATE_LEVEL_VALUES: set[ShareCreateLevel] = {
    "operate",
    "view",
}


def check_share_create_level(value: str) -> ShareCreateLevel:
    if value in SHARE_CREATE_LEVEL_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {SHARE_CREATE_LEVEL_VALUES!r}")
