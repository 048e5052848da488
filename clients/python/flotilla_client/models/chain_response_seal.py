from typing import Literal

ChainResponseSeal = Literal["broken", "other_key", "sealed", "unchecked", "unsealed"]

CHAIN_RESPONSE_SEAL_VALUES: set[ChainResponseSeal] = {
    "broken",
    "other_key",
    "sealed",
    "unchecked",
    "unsealed",
}


def check_chain_response_seal(value: str) -> ChainResponseSeal:
    if value in CHAIN_RESPONSE_SEAL_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {CHAIN_RESPONSE_SEAL_VALUES!r}")
