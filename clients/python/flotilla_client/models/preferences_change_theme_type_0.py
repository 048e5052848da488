from typing import Literal

PreferencesChangeThemeType0 = Literal["dark", "light", "system"]

PREFERENCES_CHANGE_THEME_TYPE_0_VALUES: set[PreferencesChangeThemeType0] = {
    "dark",
    "light",
    "system",
}


def check_preferences_change_theme_type_0(value: str) -> PreferencesChangeThemeType0:
    if value in PREFERENCES_CHANGE_THEME_TYPE_0_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {PREFERENCES_CHANGE_THEME_TYPE_0_VALUES!r}")
