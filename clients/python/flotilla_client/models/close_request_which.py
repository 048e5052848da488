from typing import Literal

CloseRequestWhich = Literal["all", "losers", "winners"]

CLOSE_REQUEST_WHICH_VALUES: set[CloseRequestWhich] = {
    "all",
    "losers",
    "winners",
}


def check_close_request_which(value: str) -> CloseRequestWhich:
    if value in CLOSE_REQUEST_WHICH_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {CLOSE_REQUEST_WHICH_VALUES!r}")
