from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="StrategiesShareResponse")


@_attrs_define
class StrategiesShareResponse:
    """Somebody who may read it, or run it too.

    Attributes:
        username (str): Who.
        level (str): `view` or `use`.
        created_at (datetime.datetime): Since when.
    """

    username: str
    level: str
    created_at: datetime.datetime

    def to_dict(self) -> dict[str, Any]:
        username = self.username

        level = self.level

        created_at = self.created_at.isoformat()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "username": username,
                "level": level,
                "created_at": created_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        username = d.pop("username")

        level = d.pop("level")

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        strategies_share_response = cls(
            username=username,
            level=level,
            created_at=created_at,
        )

        return strategies_share_response
