from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="StrategiesDiffResponse")


@_attrs_define
class StrategiesDiffResponse:
    """What changed between two versions.

    Attributes:
        before (int): The one.
        after (int): The other.
        diff (str): Unified diff; empty where nothing did.
    """

    before: int
    after: int
    diff: str

    def to_dict(self) -> dict[str, Any]:
        before = self.before

        after = self.after

        diff = self.diff

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "before": before,
                "after": after,
                "diff": diff,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        before = d.pop("before")

        after = d.pop("after")

        diff = d.pop("diff")

        strategies_diff_response = cls(
            before=before,
            after=after,
            diff=diff,
        )

        return strategies_diff_response
