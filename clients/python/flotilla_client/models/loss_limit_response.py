from typing import Literal

LossLimitResponse = Literal["flatten", "pause", "reduce"]

LOSS_LIMIT_RESPONSE_VALUES: set[LossLimitResponse] = {
    "flatten",
    "pause",
    "reduce",
}


def check_loss_limit_response(value: str) -> LossLimitResponse:
    if value in LOSS_LIMIT_RESPONSE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {LOSS_LIMIT_RESPONSE_VALUES!r}")
