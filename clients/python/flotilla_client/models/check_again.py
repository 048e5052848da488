from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="CheckAgain")


@_attrs_define
class CheckAgain:
    """How far a check goes.

    Attributes:
        deep (bool | Unset): With FreqTrade's own lookahead-analysis and recursive-analysis on made-up candles; minutes.
            Default: False.
    """

    deep: bool | Unset = False

    def to_dict(self) -> dict[str, Any]:
        deep = self.deep

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if deep is not UNSET:
            field_dict["deep"] = deep

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        deep = d.pop("deep", UNSET)

        check_again = cls(
            deep=deep,
        )

        return check_again
