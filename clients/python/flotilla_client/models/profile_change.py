from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.preferences_change import PreferencesChange


T = TypeVar("T", bound="ProfileChange")


@_attrs_define
class ProfileChange:
    """What is left out stays.

    Attributes:
        reporting_currency (None | str | Unset): Currency that the portfolio is told in.
        time_zone (None | str | Unset): Of the IANA database.
        preferences (None | PreferencesChange | Unset): How the portal looks.
        set_up (bool | None | Unset): Whether the guided set-up is over, finished or skipped; false offers it again.
    """

    reporting_currency: None | str | Unset = UNSET
    time_zone: None | str | Unset = UNSET
    preferences: None | PreferencesChange | Unset = UNSET
    set_up: bool | None | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        from ..models.preferences_change import PreferencesChange  # noqa: PLC0415

        reporting_currency: None | str | Unset
        if isinstance(self.reporting_currency, Unset):
            reporting_currency = UNSET
        else:
            reporting_currency = self.reporting_currency

        time_zone: None | str | Unset
        if isinstance(self.time_zone, Unset):
            time_zone = UNSET
        else:
            time_zone = self.time_zone

        preferences: dict[str, Any] | None | Unset
        if isinstance(self.preferences, Unset):
            preferences = UNSET
        elif isinstance(self.preferences, PreferencesChange):
            preferences = self.preferences.to_dict()
        else:
            preferences = self.preferences

        set_up: bool | None | Unset
        if isinstance(self.set_up, Unset):
            set_up = UNSET
        else:
            set_up = self.set_up

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if reporting_currency is not UNSET:
            field_dict["reporting_currency"] = reporting_currency
        if time_zone is not UNSET:
            field_dict["time_zone"] = time_zone
        if preferences is not UNSET:
            field_dict["preferences"] = preferences
        if set_up is not UNSET:
            field_dict["set_up"] = set_up

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.preferences_change import PreferencesChange  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_reporting_currency(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        reporting_currency = _parse_reporting_currency(d.pop("reporting_currency", UNSET))

        def _parse_time_zone(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        time_zone = _parse_time_zone(d.pop("time_zone", UNSET))

        def _parse_preferences(data: object) -> None | PreferencesChange | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                preferences_type_0 = PreferencesChange.from_dict(data)

                return preferences_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | PreferencesChange | Unset, data)

        preferences = _parse_preferences(d.pop("preferences", UNSET))

        def _parse_set_up(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        set_up = _parse_set_up(d.pop("set_up", UNSET))

        profile_change = cls(
            reporting_currency=reporting_currency,
            time_zone=time_zone,
            preferences=preferences,
            set_up=set_up,
        )

        return profile_change
