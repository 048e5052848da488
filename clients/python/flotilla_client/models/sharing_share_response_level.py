from typing import Literal

SharingShareResponseLevel = Literal["operate", "view"]

SHARING_SHARE_RESPONSE_LEVEL_VALUES: set[SharingShareResponseLevel] = {
    "operate",
    "view",
}


def check_sharing_share_response_level(value: str) -> SharingShareResponseLevel:
    if value in SHARING_SHARE_RESPONSE_LEVEL_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {SHARING_SHARE_RESPONSE_LEVEL_VALUES!r}")
