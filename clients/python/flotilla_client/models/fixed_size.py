from __future__ import annotations

from collections.abc import Mapping
from typing import (
    Any,
    Literal,
    TypeVar,
    cast,
)

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="FixedSize")


@_attrs_define
class FixedSize:
    """So much of the bot's stake currency; no entry where that is more than the bot may still put in.

    Attributes:
        amount (float | str):
        method (Literal['fixed'] | Unset):  Default: 'fixed'.
        currency (None | str | Unset):
    """

    amount: float | str
    method: Literal["fixed"] | Unset = "fixed"
    currency: None | str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        amount: float | str
        amount = self.amount

        method = self.method

        currency: None | str | Unset
        if isinstance(self.currency, Unset):
            currency = UNSET
        else:
            currency = self.currency

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "amount": amount,
            }
        )
        if method is not UNSET:
            field_dict["method"] = method
        if currency is not UNSET:
            field_dict["currency"] = currency

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_amount(data: object) -> float | str:
            return cast(float | str, data)

        amount = _parse_amount(d.pop("amount"))

        method = cast(Literal["fixed"] | Unset, d.pop("method", UNSET))
        if method != "fixed" and not isinstance(method, Unset):
            raise ValueError(f"method must match const 'fixed', got '{method}'")

        def _parse_currency(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        currency = _parse_currency(d.pop("currency", UNSET))

        fixed_size = cls(
            amount=amount,
            method=method,
            currency=currency,
        )

        return fixed_size
