from typing import Literal

PreferencesChangeDensityType0 = Literal["comfortable", "compact"]

PREFERENCES_CHANGE_DENSITY_TYPE_0_VALUES: set[PreferencesChangeDensityType0] = {
    "comfortable",
    "compact",
}


def check_preferences_change_density_type_0(value: str) -> PreferencesChangeDensityType0:
    if value in PREFERENCES_CHANGE_DENSITY_TYPE_0_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {PREFERENCES_CHANGE_DENSITY_TYPE_0_VALUES!r}")
