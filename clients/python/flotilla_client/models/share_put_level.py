from typing import Literal

SharePutLevel = Literal["use", "view"]

SHARE_PUT_LEVEL_VALUES: set[SharePutLevel] = {
    "use",
    "view",
}


def check_share_put_level(value: str) -> SharePutLevel:
    if value in SHARE_PUT_LEVEL_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {SHARE_PUT_LEVEL_VALUES!r}")
