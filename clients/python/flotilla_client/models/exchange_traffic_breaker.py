from typing import Literal

ExchangeTrafficBreaker = Literal["banned", "closed", "half_open", "open"]

EXCHANGE_TRAFFIC_BREAKER_VALUES: set[ExchangeTrafficBreaker] = {
    "banned",
    "closed",
    "half_open",
    "open",
}


def check_exchange_traffic_breaker(value: str) -> ExchangeTrafficBreaker:
    if value in EXCHANGE_TRAFFIC_BREAKER_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {EXCHANGE_TRAFFIC_BREAKER_VALUES!r}")
