from typing import Literal

SharingShareResponseWhat = Literal["bot", "portfolio"]

SHARING_SHARE_RESPONSE_WHAT_VALUES: set[SharingShareResponseWhat] = {
    "bot",
    "portfolio",
}


def check_sharing_share_response_what(value: str) -> SharingShareResponseWhat:
    if value in SHARING_SHARE_RESPONSE_WHAT_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {SHARING_SHARE_RESPONSE_WHAT_VALUES!r}")
