from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="ChangeResponse")


@_attrs_define
class ChangeResponse:
    """One field that differs.

    Attributes:
        path (str): Path of the field.
        before (Any): Null where there was none; `off` where an override switched it off.
        after (Any): Null where there is none; `off` likewise.
    """

    path: str
    before: Any
    after: Any

    def to_dict(self) -> dict[str, Any]:
        path = self.path

        before = self.before

        after = self.after

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "path": path,
                "before": before,
                "after": after,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        path = d.pop("path")

        before = d.pop("before")

        after = d.pop("after")

        change_response = cls(
            path=path,
            before=before,
            after=after,
        )

        return change_response
