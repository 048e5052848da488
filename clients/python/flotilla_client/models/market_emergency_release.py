from typing import Literal

MarketEmergencyRelease = Literal["after_hours", "manual", "next_day"]

MARKET_EMERGENCY_RELEASE_VALUES: set[MarketEmergencyRelease] = {
    "after_hours",
    "manual",
    "next_day",
}


def check_market_emergency_release(value: str) -> MarketEmergencyRelease:
    if value in MARKET_EMERGENCY_RELEASE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {MARKET_EMERGENCY_RELEASE_VALUES!r}")
