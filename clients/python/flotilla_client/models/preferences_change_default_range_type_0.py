from typing import Literal

PreferencesChangeDefaultRangeType0 = Literal["1h", "24h", "30d", "7d", "all"]

PREFERENCES_CHANGE_DEFAULT_RANGE_TYPE_0_VALUES: set[PreferencesChangeDefaultRangeType0] = {
    "1h",
    "24h",
    "30d",
    "7d",
    "all",
}


def check_preferences_change_default_range_type_0(value: str) -> PreferencesChangeDefaultRangeType0:
    if value in PREFERENCES_CHANGE_DEFAULT_RANGE_TYPE_0_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {PREFERENCES_CHANGE_DEFAULT_RANGE_TYPE_0_VALUES!r}")
