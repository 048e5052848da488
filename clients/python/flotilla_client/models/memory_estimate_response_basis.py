from typing import Literal

MemoryEstimateResponseBasis = Literal["alike", "all", "typical"]

MEMORY_ESTIMATE_RESPONSE_BASIS_VALUES: set[MemoryEstimateResponseBasis] = {
    "alike",
    "all",
    "typical",
}


def check_memory_estimate_response_basis(value: str) -> MemoryEstimateResponseBasis:
    if value in MEMORY_ESTIMATE_RESPONSE_BASIS_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {MEMORY_ESTIMATE_RESPONSE_BASIS_VALUES!r}")
