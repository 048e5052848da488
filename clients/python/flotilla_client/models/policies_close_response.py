from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="PoliciesCloseResponse")


@_attrs_define
class PoliciesCloseResponse:
    """What a rule would close at once.

    Attributes:
        rule (str): Rule.
        level (int | None): Of the ladder.
        amount (None | str): In the base currency; null: all.
        threshold_rate (None | str): The rate that was passed.
    """

    rule: str
    level: int | None
    amount: None | str
    threshold_rate: None | str

    def to_dict(self) -> dict[str, Any]:
        rule = self.rule

        level: int | None
        level = self.level

        amount: None | str
        amount = self.amount

        threshold_rate: None | str
        threshold_rate = self.threshold_rate

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "rule": rule,
                "level": level,
                "amount": amount,
                "threshold_rate": threshold_rate,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        rule = d.pop("rule")

        def _parse_level(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        level = _parse_level(d.pop("level"))

        def _parse_amount(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        amount = _parse_amount(d.pop("amount"))

        def _parse_threshold_rate(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        threshold_rate = _parse_threshold_rate(d.pop("threshold_rate"))

        policies_close_response = cls(
            rule=rule,
            level=level,
            amount=amount,
            threshold_rate=threshold_rate,
        )

        return policies_close_response
