from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="MeResponse")


@_attrs_define
class MeResponse:
    """The signed-in user.

    Attributes:
        id (str): Identity of the user.
        username (str): User name.
        role (str): `admin`, `trader` or `viewer`.
        reporting_currency (str): Currency that the portfolio is told in.
        created_at (datetime.datetime): When the user was created.
    """

    id: str
    username: str
    role: str
    reporting_currency: str
    created_at: datetime.datetime

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        username = self.username

        role = self.role

        reporting_currency = self.reporting_currency

        created_at = self.created_at.isoformat()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "id": id,
                "username": username,
                "role": role,
                "reporting_currency": reporting_currency,
                "created_at": created_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = d.pop("id")

        username = d.pop("username")

        role = d.pop("role")

        reporting_currency = d.pop("reporting_currency")

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        me_response = cls(
            id=id,
            username=username,
            role=role,
            reporting_currency=reporting_currency,
            created_at=created_at,
        )

        return me_response
