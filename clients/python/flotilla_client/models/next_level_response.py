from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="NextLevelResponse")


@_attrs_define
class NextLevelResponse:
    """The next take-profit level.

    Attributes:
        level (int): 1 is the first.
        rate (str): Where it is.
        profit_ratio (str): Profit there.
        amount (str): What it closes, in the base currency.
    """

    level: int
    rate: str
    profit_ratio: str
    amount: str

    def to_dict(self) -> dict[str, Any]:
        level = self.level

        rate = self.rate

        profit_ratio = self.profit_ratio

        amount = self.amount

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "level": level,
                "rate": rate,
                "profit_ratio": profit_ratio,
                "amount": amount,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        level = d.pop("level")

        rate = d.pop("rate")

        profit_ratio = d.pop("profit_ratio")

        amount = d.pop("amount")

        next_level_response = cls(
            level=level,
            rate=rate,
            profit_ratio=profit_ratio,
            amount=amount,
        )

        return next_level_response
