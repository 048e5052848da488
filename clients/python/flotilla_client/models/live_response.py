from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="LiveResponse")


@_attrs_define
class LiveResponse:
    """Whether you could have a bot there that trades live.

    Attributes:
        possible (bool): As far as can be told without naming the bot.
        why_not (list[str]): Everything that stands in the way, and what to do; empty where nothing does.
    """

    possible: bool
    why_not: list[str]

    def to_dict(self) -> dict[str, Any]:
        possible = self.possible

        why_not = self.why_not

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "possible": possible,
                "why_not": why_not,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        possible = d.pop("possible")

        why_not = cast(list[str], d.pop("why_not"))

        live_response = cls(
            possible=possible,
            why_not=why_not,
        )

        return live_response
