from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.candle_response import CandleResponse


T = TypeVar("T", bound="CandlePage")


@_attrs_define
class CandlePage:
    """Some candles.

    Attributes:
        items (list[CandleResponse]): Oldest first. Where the exchange has none, there is none here.
        next_ (None | str): Ask again with `after=<next>`; null where the asked stretch ends.
    """

    items: list[CandleResponse]
    next_: None | str

    def to_dict(self) -> dict[str, Any]:
        items = []
        for items_item_data in self.items:
            items_item = items_item_data.to_dict()
            items.append(items_item)

        next_: None | str
        next_ = self.next_

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "items": items,
                "next": next_,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.candle_response import CandleResponse  # noqa: PLC0415

        d = dict(src_dict)
        items = []
        _items = d.pop("items")
        for items_item_data in _items:
            items_item = CandleResponse.from_dict(items_item_data)

            items.append(items_item)

        def _parse_next_(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        next_ = _parse_next_(d.pop("next"))

        candle_page = cls(
            items=items,
            next_=next_,
        )

        return candle_page
