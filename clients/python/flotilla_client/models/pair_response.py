from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="PairResponse")


@_attrs_define
class PairResponse:
    """A pair that is traded now.

    Attributes:
        pair (str): As a bot names it.
        base (str): What is bought and sold.
        quote (str): What is paid with: the stake currency.
    """

    pair: str
    base: str
    quote: str

    def to_dict(self) -> dict[str, Any]:
        pair = self.pair

        base = self.base

        quote = self.quote

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "pair": pair,
                "base": base,
                "quote": quote,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        pair = d.pop("pair")

        base = d.pop("base")

        quote = d.pop("quote")

        pair_response = cls(
            pair=pair,
            base=base,
            quote=quote,
        )

        return pair_response
