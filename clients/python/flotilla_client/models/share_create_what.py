from typing import Literal

ShareCreateWhat = Literal["bot", "portfolio"]

SHARE_CREATE_WHAT_VALUES: set[ShareCreateWhat] = {
    "bot",
    "portfolio",
}


def check_share_create_what(value: str) -> ShareCreateWhat:
    if value in SHARE_CREATE_WHAT_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {SHARE_CREATE_WHAT_VALUES!r}")
