from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="BotShareResponse")


@_attrs_define
class BotShareResponse:
    """What a bot has of a currency.

    Attributes:
        bot_id (str): The bot.
        amount (str): How much.
    """

    bot_id: str
    amount: str

    def to_dict(self) -> dict[str, Any]:
        bot_id = self.bot_id

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

        amount = d.pop("amount")

        bot_share_response = cls(
            bot_id=bot_id,
            amount=amount,
        )

        return bot_share_response
