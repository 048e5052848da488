from typing import Literal

Way = Literal["passkey", "recovery", "totp"]

WAY_VALUES: set[Way] = {
    "passkey",
    "recovery",
    "totp",
}


def check_way(value: str) -> Way:
    if value in WAY_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {WAY_VALUES!r}")
