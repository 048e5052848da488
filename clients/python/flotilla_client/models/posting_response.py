from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.place_kind import PlaceKind, check_place_kind

T = TypeVar("T", bound="PostingResponse")


@_attrs_define
class PostingResponse:
    """So much came to a place, or below zero went from there.

    Attributes:
        place (PlaceKind): See above.
        bot_id (None | str): Whose place; null for the wallet's own.
        currency (str): Its currency.
        amount (str): How much.
    """

    place: PlaceKind
    bot_id: None | str
    currency: str
    amount: str

    def to_dict(self) -> dict[str, Any]:
        place: str = self.place

        bot_id: None | str
        bot_id = self.bot_id

        currency = self.currency

        amount = self.amount

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "place": place,
                "bot_id": bot_id,
                "currency": currency,
                "amount": amount,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        place = check_place_kind(d.pop("place"))

        def _parse_bot_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        bot_id = _parse_bot_id(d.pop("bot_id"))

        currency = d.pop("currency")

        amount = d.pop("amount")

        posting_response = cls(
            place=place,
            bot_id=bot_id,
            currency=currency,
            amount=amount,
        )

        return posting_response
