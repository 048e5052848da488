from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="Sparkline")


@_attrs_define
class Sparkline:
    """A bot's profit (equity less starting capital), in its stake currency.

    Attributes:
        bot_id (str):
        currency (str):
        profit (list[None | str]): One for each of `times`; null where the bot did not report then.
    """

    bot_id: str
    currency: str
    profit: list[None | str]

    def to_dict(self) -> dict[str, Any]:
        bot_id = self.bot_id

        currency = self.currency

        profit = []
        for profit_item_data in self.profit:
            profit_item: None | str
            profit_item = profit_item_data
            profit.append(profit_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "bot_id": bot_id,
                "currency": currency,
                "profit": profit,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        bot_id = d.pop("bot_id")

        currency = d.pop("currency")

        profit = []
        _profit = d.pop("profit")
        for profit_item_data in _profit:

            def _parse_profit_item(data: object) -> None | str:
                if data is None:
                    return data
                return cast(None | str, data)

            profit_item = _parse_profit_item(profit_item_data)

            profit.append(profit_item)

        sparkline = cls(
            bot_id=bot_id,
            currency=currency,
            profit=profit,
        )

        return sparkline
