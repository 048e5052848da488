from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="KeyPatch")


@_attrs_define
class KeyPatch:
    """What can be changed of a key that stays.

    Attributes:
        rotate_after_days (int | None): Days after which you are reminded to replace it; null for never.
    """

    rotate_after_days: int | None

    def to_dict(self) -> dict[str, Any]:
        rotate_after_days: int | None
        rotate_after_days = self.rotate_after_days

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "rotate_after_days": rotate_after_days,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_rotate_after_days(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        rotate_after_days = _parse_rotate_after_days(d.pop("rotate_after_days"))

        key_patch = cls(
            rotate_after_days=rotate_after_days,
        )

        return key_patch
