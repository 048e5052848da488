from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.preferences import Preferences


T = TypeVar("T", bound="MeResponse")


@_attrs_define
class MeResponse:
    """The signed-in user.

    Attributes:
        id (str): Identity of the user.
        username (str): User name.
        role (str): `admin`, `trader` or `viewer`.
        reporting_currency (str): Currency that the portfolio is told in.
        time_zone (str): In which times are told, of the IANA database.
        preferences (Preferences): How the portal looks for a user.
        password_generated (bool): Whether the password still is the one that the first start made.
        set_up_at (datetime.datetime | None): When the guided set-up was finished or skipped; null: it is still to be
            offered.
        created_at (datetime.datetime): When the user was created.
    """

    id: str
    username: str
    role: str
    reporting_currency: str
    time_zone: str
    preferences: Preferences
    password_generated: bool
    set_up_at: datetime.datetime | None
    created_at: datetime.datetime

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        username = self.username

        role = self.role

        reporting_currency = self.reporting_currency

        time_zone = self.time_zone

        preferences = self.preferences.to_dict()

        password_generated = self.password_generated

        set_up_at: None | str
        if isinstance(self.set_up_at, datetime.datetime):
            set_up_at = self.set_up_at.isoformat()
        else:
            set_up_at = self.set_up_at

        created_at = self.created_at.isoformat()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "id": id,
                "username": username,
                "role": role,
                "reporting_currency": reporting_currency,
                "time_zone": time_zone,
                "preferences": preferences,
                "password_generated": password_generated,
                "set_up_at": set_up_at,
                "created_at": created_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.preferences import Preferences  # noqa: PLC0415

        d = dict(src_dict)
        id = d.pop("id")

        username = d.pop("username")

        role = d.pop("role")

        reporting_currency = d.pop("reporting_currency")

        time_zone = d.pop("time_zone")

        preferences = Preferences.from_dict(d.pop("preferences"))

        password_generated = d.pop("password_generated")

        def _parse_set_up_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                set_up_at_type_0 = datetime.datetime.fromisoformat(data)

                return set_up_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        set_up_at = _parse_set_up_at(d.pop("set_up_at"))

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        me_response = cls(
            id=id,
            username=username,
            role=role,
            reporting_currency=reporting_currency,
            time_zone=time_zone,
            preferences=preferences,
            password_generated=password_generated,
            set_up_at=set_up_at,
            created_at=created_at,
        )

        return me_response
