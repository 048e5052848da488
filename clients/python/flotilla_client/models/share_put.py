from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..models.share_put_level import SharePutLevel, check_share_put_level

T = TypeVar("T", bound="SharePut")


@_attrs_define
class SharePut:
    """How far a share goes.

    Attributes:
        level (SharePutLevel): `view` to read it, `use` to run bots of it as well.
    """

    level: SharePutLevel

    def to_dict(self) -> dict[str, Any]:
        level: str = self.level

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "level": level,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        level = check_share_put_level(d.pop("level"))

        share_put = cls(
            level=level,
        )

        return share_put
