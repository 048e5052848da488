from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.pair_response import PairResponse


T = TypeVar("T", bound="PairList")


@_attrs_define
class PairList:
    """What was found among an exchange's pairs.

    Attributes:
        known (bool): False where the exchange cannot be asked, now or ever: nothing is listed then, and any pair may be
            named.
        items (list[PairResponse]): That base itself first, then those that begin like it, then others that contain the
            text.
        total (int): How many were found, listed or not.
        next_ (None | str): Always null: search for more of the name.
    """

    known: bool
    items: list[PairResponse]
    total: int
    next_: None | str

    def to_dict(self) -> dict[str, Any]:
        known = self.known

        items = []
        for items_item_data in self.items:
            items_item = items_item_data.to_dict()
            items.append(items_item)

        total = self.total

        next_: None | str
        next_ = self.next_

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "known": known,
                "items": items,
                "total": total,
                "next": next_,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.pair_response import PairResponse  # noqa: PLC0415

        d = dict(src_dict)
        known = d.pop("known")

        items = []
        _items = d.pop("items")
        for items_item_data in _items:
            items_item = PairResponse.from_dict(items_item_data)

            items.append(items_item)

        total = d.pop("total")

        def _parse_next_(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        next_ = _parse_next_(d.pop("next"))

        pair_list = cls(
            known=known,
            items=items,
            total=total,
            next_=next_,
        )

        return pair_list
