from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="StopResponse")


@_attrs_define
class StopResponse:
    """A stop of an open trade: the tighter of the universal one and the strategy's own.

    Attributes:
        rate (None | str): Null: none.
        rule (None | str): Which rule sets it; null: the strategy.
        profit_ratio (None | str): Profit when it fires.
    """

    rate: None | str
    rule: None | str
    profit_ratio: None | str

    def to_dict(self) -> dict[str, Any]:
        rate: None | str
        rate = self.rate

        rule: None | str
        rule = self.rule

        profit_ratio: None | str
        profit_ratio = self.profit_ratio

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "rate": rate,
                "rule": rule,
                "profit_ratio": profit_ratio,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_rate(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        rate = _parse_rate(d.pop("rate"))

        def _parse_rule(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        rule = _parse_rule(d.pop("rule"))

        def _parse_profit_ratio(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        profit_ratio = _parse_profit_ratio(d.pop("profit_ratio"))

        stop_response = cls(
            rate=rate,
            rule=rule,
            profit_ratio=profit_ratio,
        )

        return stop_response
