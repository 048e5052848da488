from typing import Literal

PreferencesDefaultRange = Literal["1h", "24h", "30d", "7d", "all"]

PREFERENCES_DEFAULT_RANGE_VALUES: set[PreferencesDefaultRange] = {
    "1h",
    "24h",
    "30d",
    "7d",
    "all",
}


def check_preferences_default_range(value: str) -> PreferencesDefaultRange:
    if value in PREFERENCES_DEFAULT_RANGE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {PREFERENCES_DEFAULT_RANGE_VALUES!r}")
