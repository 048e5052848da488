from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..models.trading_hours_days_item import (
    TradingHoursDaysItem,
    check_trading_hours_days_item,
)

T = TypeVar("T", bound="TradingHours")


@_attrs_define
class TradingHours:
    """Entries are allowed on these days from `start` to before `end`, in the document's time zone. An `end` that is
    not after `start` is on the next day.

        Attributes:
            days (list[TradingHoursDaysItem]):
            start (str):
            end (str):
    """

    days: list[TradingHoursDaysItem]
    start: str
    end: str

    def to_dict(self) -> dict[str, Any]:
        days = []
        for days_item_data in self.days:
            days_item: str = days_item_data
            days.append(days_item)

        start = self.start

        end = self.end

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "days": days,
                "start": start,
                "end": end,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        days = []
        _days = d.pop("days")
        for days_item_data in _days:
            days_item = check_trading_hours_days_item(days_item_data)

            days.append(days_item)

        start = d.pop("start")

        end = d.pop("end")

        trading_hours = cls(
            days=days,
            start=start,
            end=end,
        )

        return trading_hours
