from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="UserResponse")


@_attrs_define
class UserResponse:
    """A user, as administrators see him.

    Attributes:
        id (str): Identity of the user.
        username (str): User name.
        role (str): `admin`; `trader`, who has bots; `viewer`, who only looks.
        may_trade_live (bool): Whether his bots may trade with real money.
        reporting_currency (str): Currency that his portfolio is told in.
        max_bots (int | None): His own quota; null: as the settings say.
        max_memory_bytes (int | None): His own quota; null: as the settings say.
        created_at (datetime.datetime): When he was made.
        deactivated_at (datetime.datetime | None): Since when he may not sign in; null: he may.
    """

    id: str
    username: str
    role: str
    may_trade_live: bool
    reporting_currency: str
    max_bots: int | None
    max_memory_bytes: int | None
    created_at: datetime.datetime
    deactivated_at: datetime.datetime | None

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        username = self.username

        role = self.role

        may_trade_live = self.may_trade_live

        reporting_currency = self.reporting_currency

        max_bots: int | None
        max_bots = self.max_bots

        max_memory_bytes: int | None
        max_memory_bytes = self.max_memory_bytes

        created_at = self.created_at.isoformat()

        deactivated_at: None | str
        if isinstance(self.deactivated_at, datetime.datetime):
            deactivated_at = self.deactivated_at.isoformat()
        else:
            deactivated_at = self.deactivated_at

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "id": id,
                "username": username,
                "role": role,
                "may_trade_live": may_trade_live,
                "reporting_currency": reporting_currency,
                "max_bots": max_bots,
                "max_memory_bytes": max_memory_bytes,
                "created_at": created_at,
                "deactivated_at": deactivated_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = d.pop("id")

        username = d.pop("username")

        role = d.pop("role")

        may_trade_live = d.pop("may_trade_live")

        reporting_currency = d.pop("reporting_currency")

        def _parse_max_bots(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        max_bots = _parse_max_bots(d.pop("max_bots"))

        def _parse_max_memory_bytes(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        max_memory_bytes = _parse_max_memory_bytes(d.pop("max_memory_bytes"))

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        def _parse_deactivated_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                deactivated_at_type_0 = datetime.datetime.fromisoformat(data)

                return deactivated_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        deactivated_at = _parse_deactivated_at(d.pop("deactivated_at"))

        user_response = cls(
            id=id,
            username=username,
            role=role,
            may_trade_live=may_trade_live,
            reporting_currency=reporting_currency,
            max_bots=max_bots,
            max_memory_bytes=max_memory_bytes,
            created_at=created_at,
            deactivated_at=deactivated_at,
        )

        return user_response
