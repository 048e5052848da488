from typing import Literal

ReduceRequestScope = Literal["bot", "fleet", "user"]

REDUCE_REQUEST_SCOPE_VALUES: set[ReduceRequestScope] = {
    "bot",
    "fleet",
    "user",
}


def check_reduce_request_scope(value: str) -> ReduceRequestScope:
    if value in REDUCE_REQUEST_SCOPE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {REDUCE_REQUEST_SCOPE_VALUES!r}")
