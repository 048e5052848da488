from typing import Literal

LossLimitScope = Literal["bot", "user"]

LOSS_LIMIT_SCOPE_VALUES: set[LossLimitScope] = {
    "bot",
    "user",
}


def check_loss_limit_scope(value: str) -> LossLimitScope:
    if value in LOSS_LIMIT_SCOPE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {LOSS_LIMIT_SCOPE_VALUES!r}")
