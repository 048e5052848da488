from typing import Literal

ReleaseRequestScope = Literal["bot", "fleet", "user"]

RELEASE_REQUEST_SCOPE_VALUES: set[ReleaseRequestScope] = {
    "bot",
    "fleet",
    "user",
}


def check_release_request_scope(value: str) -> ReleaseRequestScope:
    if value in RELEASE_REQUEST_SCOPE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {RELEASE_REQUEST_SCOPE_VALUES!r}")
