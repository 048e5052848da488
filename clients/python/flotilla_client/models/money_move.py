from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="MoneyMove")


@_attrs_define
class MoneyMove:
    """Paper money that comes in or goes out.

    Attributes:
        currency (str): Its currency.
        amount (float | str): How much; above 0.
        note (str | Unset): Why. Default: ''.
    """

    currency: str
    amount: float | str
    note: str | Unset = ""

    def to_dict(self) -> dict[str, Any]:
        currency = self.currency

        amount: float | str
        amount = self.amount

        note = self.note

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "currency": currency,
                "amount": amount,
            }
        )
        if note is not UNSET:
            field_dict["note"] = note

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        currency = d.pop("currency")

        def _parse_amount(data: object) -> float | str:
            return cast(float | str, data)

        amount = _parse_amount(d.pop("amount"))

        note = d.pop("note", UNSET)

        money_move = cls(
            currency=currency,
            amount=amount,
            note=note,
        )

        return money_move
