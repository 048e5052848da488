from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="TradeStopResponse")


@_attrs_define
class TradeStopResponse:
    """A rate at which the trade is closed.

    Attributes:
        rate (str): Where it is.
        rule (None | str): `hard_stop`, `trailing_stop` or `break_even`; null: FreqTrade's own, the strategy's.
        profit_ratio (None | str): Profit when it fires at its rate.
    """

    rate: str
    rule: None | str
    profit_ratio: None | str

    def to_dict(self) -> dict[str, Any]:
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
        rate = d.pop("rate")

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

        trade_stop_response = cls(
            rate=rate,
            rule=rule,
            profit_ratio=profit_ratio,
        )

        return trade_stop_response
