from typing import Literal

PreferencesTheme = Literal["dark", "light", "system"]

PREFERENCES_THEME_VALUES: set[PreferencesTheme] = {
    "dark",
    "light",
    "system",
}


def check_preferences_theme(value: str) -> PreferencesTheme:
    if value in PREFERENCES_THEME_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {PREFERENCES_THEME_VALUES!r}")
