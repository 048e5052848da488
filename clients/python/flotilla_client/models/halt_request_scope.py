from typing import Literal

HaltRequestScope = Literal["bot", "fleet", "user"]

HALT_REQUEST_SCOPE_VALUES: set[HaltRequestScope] = {
    "bot",
    "fleet",
    "user",
}


def check_halt_request_scope(value: str) -> HaltRequestScope:
    if value in HALT_REQUEST_SCOPE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {HALT_REQUEST_SCOPE_VALUES!r}")
