from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.preferences_change_default_range_type_0 import (
    PreferencesChangeDefaultRangeType0,
    check_preferences_change_default_range_type_0,
)
from ..models.preferences_change_density_type_0 import (
    PreferencesChangeDensityType0,
    check_preferences_change_density_type_0,
)
from ..models.preferences_change_theme_type_0 import (
    PreferencesChangeThemeType0,
    check_preferences_change_theme_type_0,
)
from ..types import UNSET, Unset

T = TypeVar("T", bound="PreferencesChange")


@_attrs_define
class PreferencesChange:
    """What is left out stays; null: as it is for who never chose.

    Attributes:
        theme (None | PreferencesChangeThemeType0 | Unset): `system`: as the device says.
        locale (None | str | Unset): Whose numbers and dates are written (BCP 47).
        density (None | PreferencesChangeDensityType0 | Unset): How much fits into a table.
        default_range (None | PreferencesChangeDefaultRangeType0 | Unset): How far back charts begin.
    """

    theme: None | PreferencesChangeThemeType0 | Unset = UNSET
    locale: None | str | Unset = UNSET
    density: None | PreferencesChangeDensityType0 | Unset = UNSET
    default_range: None | PreferencesChangeDefaultRangeType0 | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        theme: None | str | Unset
        if isinstance(self.theme, Unset):
            theme = UNSET
        elif isinstance(self.theme, str):
            theme = self.theme
        else:
            theme = self.theme

        locale: None | str | Unset
        if isinstance(self.locale, Unset):
            locale = UNSET
        else:
            locale = self.locale

        density: None | str | Unset
        if isinstance(self.density, Unset):
            density = UNSET
        elif isinstance(self.density, str):
            density = self.density
        else:
            density = self.density

        default_range: None | str | Unset
        if isinstance(self.default_range, Unset):
            default_range = UNSET
        elif isinstance(self.default_range, str):
            default_range = self.default_range
        else:
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

        def _parse_theme(data: object) -> None | PreferencesChangeThemeType0 | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                theme_type_0 = check_preferences_change_theme_type_0(data)

                return theme_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | PreferencesChangeThemeType0 | Unset, data)

        theme = _parse_theme(d.pop("theme", UNSET))

        def _parse_locale(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        locale = _parse_locale(d.pop("locale", UNSET))

        def _parse_density(data: object) -> None | PreferencesChangeDensityType0 | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                density_type_0 = check_preferences_change_density_type_0(data)

                return density_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | PreferencesChangeDensityType0 | Unset, data)

        density = _parse_density(d.pop("density", UNSET))

        def _parse_default_range(data: object) -> None | PreferencesChangeDefaultRangeType0 | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                default_range_type_0 = check_preferences_change_default_range_type_0(data)

                return default_range_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | PreferencesChangeDefaultRangeType0 | Unset, data)

        default_range = _parse_default_range(d.pop("default_range", UNSET))

        preferences_change = cls(
            theme=theme,
            locale=locale,
            density=density,
            default_range=default_range,
        )

        return preferences_change
