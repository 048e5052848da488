from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.preferences_default_range import (
    PreferencesDefaultRange,
    check_preferences_default_range,
)
from ..models.preferences_density import PreferencesDensity, check_preferences_density
from ..models.preferences_theme import PreferencesTheme, check_preferences_theme
from ..types import UNSET, Unset

T = TypeVar("T", bound="Preferences")


@_attrs_define
class Preferences:
    """How the portal looks for a user.

    Attributes:
        theme (PreferencesTheme | Unset): `system`: as the device says. Default: 'system'.
        locale (None | str | Unset): Numbers and dates are written as there (BCP 47); null: as the browser says.
        density (PreferencesDensity | Unset): How much fits into a table. Default: 'comfortable'.
        default_range (PreferencesDefaultRange | Unset): How far back charts begin. Default: '24h'.
    """

    theme: PreferencesTheme | Unset = "system"
    locale: None | str | Unset = UNSET
    density: PreferencesDensity | Unset = "comfortable"
    default_range: PreferencesDefaultRange | Unset = "24h"

    def to_dict(self) -> dict[str, Any]:
        theme: str | Unset = UNSET
        if not isinstance(self.theme, Unset):
            theme = self.theme

        locale: None | str | Unset
        if isinstance(self.locale, Unset):
            locale = UNSET
        else:
            locale = self.locale

        density: str | Unset = UNSET
        if not isinstance(self.density, Unset):
            density = self.density

        default_range: str | Unset = UNSET
        if not isinstance(self.default_range, Unset):
            default_range = self.default_range

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if theme is not UNSET:
            field_dict["theme"] = theme
        if locale is not UNSET:
            field_dict["locale"] = locale
        if density is not UNSET:
            field_dict["density"] = density
        if default_range is not UNSET:
            field_dict["default_range"] = default_range

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        _theme = d.pop("theme", UNSET)
        theme: PreferencesTheme | Unset
        if isinstance(_theme, Unset):
            theme = UNSET
        else:
            theme = check_preferences_theme(_theme)

        def _parse_locale(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        locale = _parse_locale(d.pop("locale", UNSET))

        _density = d.pop("density", UNSET)
        density: PreferencesDensity | Unset
        if isinstance(_density, Unset):
            density = UNSET
        else:
            density = check_preferences_density(_density)

        _default_range = d.pop("default_range", UNSET)
        default_range: PreferencesDefaultRange | Unset
        if isinstance(_default_range, Unset):
            default_range = UNSET
        else:
            default_range = check_preferences_default_range(_default_range)

        preferences = cls(
            theme=theme,
            locale=locale,
            density=density,
            default_range=default_range,
        )

        return preferences
