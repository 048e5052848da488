from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="BreakEven")


@_attrs_define
class BreakEven:
    """At profit `trigger` the stop goes to the entry and `offset` beyond it.

    Attributes:
        trigger (float | str):
        offset (float | str | Unset):  Default: 0.0.
    """

    trigger: float | str
    offset: float | str | Unset = 0.0

    def to_dict(self) -> dict[str, Any]:
        trigger: float | str
        trigger = self.trigger

        offset: float | str | Unset
        if isinstance(self.offset, Unset):
            offset = UNSET
        else:
            offset = self.offset

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "trigger": trigger,
            }
        )
        if offset is not UNSET:
            field_dict["offset"] = offset

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_trigger(data: object) -> float | str:
            return cast(float | str, data)

        trigger = _parse_trigger(d.pop("trigger"))

        def _parse_offset(data: object) -> float | str | Unset:
            if isinstance(data, Unset):
                return data
            return cast(float | str | Unset, data)

        offset = _parse_offset(d.pop("offset", UNSET))

        break_even = cls(
            trigger=trigger,
            offset=offset,
        )

        return break_even
