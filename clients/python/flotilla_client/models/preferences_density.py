from typing import Literal

PreferencesDensity = Literal["comfortable", "compact"]

PREFERENCES_DENSITY_VALUES: set[PreferencesDensity] = {
    "comfortable",
    "compact",
}


def check_preferences_density(value: str) -> PreferencesDensity:
    if value in PREFERENCES_DENSITY_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {PREFERENCES_DENSITY_VALUES!r}")
