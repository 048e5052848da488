from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="KeyPatch")


@_attrs_define
class KeyPatch:
    """What can be changed of a key that stays. What is left out stays.

    Attributes:
        name (None | str | Unset): Another name, unique among your keys; null: it stays.
        rotate_after_days (int | None | Unset): Days after which you are reminded to replace it; null for never.
    """

    name: None | str | Unset = UNSET
    rotate_after_days: int | None | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        name: None | str | Unset
        if isinstance(self.name, Unset):
            name = UNSET
        else:
            name = self.name

        rotate_after_days: int | None | Unset
        if isinstance(self.rotate_after_days, Unset):
            rotate_after_days = UNSET
        else:
            rotate_after_days = self.rotate_after_days

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if name is not UNSET:
            field_dict["name"] = name
        if rotate_after_days is not UNSET:
            field_dict["rotate_after_days"] = rotate_after_days

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_name(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        name = _parse_name(d.pop("name", UNSET))

        def _parse_rotate_after_days(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        rotate_after_days = _parse_rotate_after_days(d.pop("rotate_after_days", UNSET))

        key_patch = cls(
            name=name,
            rotate_after_days=rotate_after_days,
        )

        return key_patch
