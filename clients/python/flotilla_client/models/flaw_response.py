from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.flaw_kind import FlawKind, check_flaw_kind

T = TypeVar("T", bound="FlawResponse")


@_attrs_define
class FlawResponse:
    """Something that should not be.

    Attributes:
        kind (FlawKind): What is wrong.
        currency (str): Of which currency.
        amount (str): By how much.
        bot_id (None | str): Whose; null for the wallet's own.
        message (str): What is wrong and what to do.
    """

    kind: FlawKind
    currency: str
    amount: str
    bot_id: None | str
    message: str

    def to_dict(self) -> dict[str, Any]:
        kind: str = self.kind

        currency = self.currency

        amount = self.amount

        bot_id: None | str
        bot_id = self.bot_id

        message = self.message

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "kind": kind,
                "currency": currency,
                "amount": amount,
                "bot_id": bot_id,
                "message": message,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        kind = check_flaw_kind(d.pop("kind"))

        currency = d.pop("currency")

        amount = d.pop("amount")

        def _parse_bot_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        bot_id = _parse_bot_id(d.pop("bot_id"))

        message = d.pop("message")

        flaw_response = cls(
            kind=kind,
            currency=currency,
            amount=amount,
            bot_id=bot_id,
            message=message,
        )

        return flaw_response
