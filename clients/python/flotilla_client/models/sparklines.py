from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

from ..models.sparklines_range import SparklinesRange, check_sparklines_range

if TYPE_CHECKING:
    from ..models.sparkline import Sparkline


T = TypeVar("T", bound="Sparklines")


@_attrs_define
class Sparklines:
    """Profits of all bots at the same times.

    Attributes:
        range_ (SparklinesRange):
        times (list[datetime.datetime]): Oldest first, evenly apart but for the last, which is now.
        items (list[Sparkline]): Every bot, in the order of their creation.
    """

    range_: SparklinesRange
    times: list[datetime.datetime]
    items: list[Sparkline]

    def to_dict(self) -> dict[str, Any]:
        range_: str = self.range_

        times = []
        for times_item_data in self.times:
            times_item = times_item_data.isoformat()
            times.append(times_item)

        items = []
        for items_item_data in self.items:
            items_item = items_item_data.to_dict()
            items.append(items_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "range": range_,
                "times": times,
                "items": items,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.sparkline import Sparkline  # noqa: PLC0415

        d = dict(src_dict)
        range_ = check_sparklines_range(d.pop("range"))

        times = []
        _times = d.pop("times")
        for times_item_data in _times:
            times_item = datetime.datetime.fromisoformat(times_item_data)

            times.append(times_item)

        items = []
        _items = d.pop("items")
        for items_item_data in _items:
            items_item = Sparkline.from_dict(items_item_data)

            items.append(items_item)

        sparklines = cls(
            range_=range_,
            times=times,
            items=items,
        )

        return sparklines
