from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="TokenRotationResponse")


@_attrs_define
class TokenRotationResponse:
    """A pool's agent has a new bearer token.

    Attributes:
        pool_id (str): Which pool.
        made_at (datetime.datetime): When it was made.
    """

    pool_id: str
    made_at: datetime.datetime

    def to_dict(self) -> dict[str, Any]:
        pool_id = self.pool_id

        made_at = self.made_at.isoformat()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "pool_id": pool_id,
                "made_at": made_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        pool_id = d.pop("pool_id")

        made_at = datetime.datetime.fromisoformat(d.pop("made_at"))

        token_rotation_response = cls(
            pool_id=pool_id,
            made_at=made_at,
        )

        return token_rotation_response
