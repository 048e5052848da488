from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..models.share_change_level import ShareChangeLevel, check_share_change_level

T = TypeVar("T", bound="ShareChange")


@_attrs_define
class ShareChange:
    """Another level.

    Attributes:
        level (ShareChangeLevel): `view`: look; `operate`: also start, pause, stop, halt, and close trades. Nobody else
            changes or deletes it.
    """

    level: ShareChangeLevel

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
        level = check_share_change_level(d.pop("level"))

        share_change = cls(
            level=level,
        )

        return share_change
