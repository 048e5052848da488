from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="RollBack")


@_attrs_define
class RollBack:
    """Back to the content of an old version.

    Attributes:
        version (int): The old one.
        note (str | Unset): What changed, for yourself. Default: ''.
        expected_head (int | None | Unset): The newest version that you know; 412 if there is another.
    """

    version: int
    note: str | Unset = ""
    expected_head: int | None | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        version = self.version

        note = self.note

        expected_head: int | None | Unset
        if isinstance(self.expected_head, Unset):
            expected_head = UNSET
        else:
            expected_head = self.expected_head

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "version": version,
            }
        )
        if note is not UNSET:
            field_dict["note"] = note
        if expected_head is not UNSET:
            field_dict["expected_head"] = expected_head

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        version = d.pop("version")

        note = d.pop("note", UNSET)

        def _parse_expected_head(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        expected_head = _parse_expected_head(d.pop("expected_head", UNSET))

        roll_back = cls(
            version=version,
            note=note,
            expected_head=expected_head,
        )

        return roll_back
