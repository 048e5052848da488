from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="TakeProfitLevel")


@_attrs_define
class TakeProfitLevel:
    """At `profit` this `fraction` of the original position is closed; None closes the rest.

    Attributes:
        profit (float | str):
        fraction (float | None | str | Unset):
    """

    profit: float | str
    fraction: float | None | str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        profit: float | str
        profit = self.profit

        fraction: float | None | str | Unset
        if isinstance(self.fraction, Unset):
            fraction = UNSET
        else:
            fraction = self.fraction

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "profit": profit,
            }
        )
        if fraction is not UNSET:
            field_dict["fraction"] = fraction

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_profit(data: object) -> float | str:
            return cast(float | str, data)

        profit = _parse_profit(d.pop("profit"))

        def _parse_fraction(data: object) -> float | None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | str | Unset, data)

        fraction = _parse_fraction(d.pop("fraction", UNSET))

        take_profit_level = cls(
            profit=profit,
            fraction=fraction,
        )

        return take_profit_level
