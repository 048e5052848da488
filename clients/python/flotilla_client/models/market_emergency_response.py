from typing import Literal

MarketEmergencyResponse = Literal["flatten", "pause", "reduce"]

MARKET_EMERGENCY_RESPONSE_VALUES: set[MarketEmergencyResponse] = {
    "flatten",
    "pause",
    "reduce",
}


def check_market_emergency_response(value: str) -> MarketEmergencyResponse:
    if value in MARKET_EMERGENCY_RESPONSE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {MARKET_EMERGENCY_RESPONSE_VALUES!r}")
