from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="CapitalMove")


@_attrs_define
class CapitalMove:
    """Capital that a bot is given, or that is taken back, in its stake currency.

    Attributes:
        bot_id (str): A bot whose capital is from here.
        amount (float | str): How much; above 0.
    """

    bot_id: str
    amount: float | str

    def to_dict(self) -> dict[str, Any]:
        bot_id = self.bot_id

        amount: float | str
        amount = self.amount

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "bot_id": bot_id,
                "amount": amount,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        bot_id = d.pop("bot_id")

        def _parse_amount(data: object) -> float | str:
            return cast(float | str, data)

        amount = _parse_amount(d.pop("amount"))

        capital_move = cls(
            bot_id=bot_id,
            amount=amount,
        )

        return capital_move
