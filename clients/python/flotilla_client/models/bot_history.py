from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

from ..models.bot_history_range import BotHistoryRange, check_bot_history_range

if TYPE_CHECKING:
    from ..models.bot_history_point import BotHistoryPoint


T = TypeVar("T", bound="BotHistory")


@_attrs_define
class BotHistory:
    """A bot's equity over time in its stake currency, oldest first. Times without any report have no point.

    Attributes:
        range_ (BotHistoryRange):
        currency (str):
        resolution_seconds (int):
        points (list[BotHistoryPoint]):
    """

    range_: BotHistoryRange
    currency: str
    resolution_seconds: int
    points: list[BotHistoryPoint]

    def to_dict(self) -> dict[str, Any]:
        range_: str = self.range_

        currency = self.currency

        resolution_seconds = self.resolution_seconds

        points = []
        for points_item_data in self.points:
            points_item = points_item_data.to_dict()
            points.append(points_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "range": range_,
                "currency": currency,
                "resolution_seconds": resolution_seconds,
                "points": points,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.bot_history_point import BotHistoryPoint  # noqa: PLC0415

        d = dict(src_dict)
        range_ = check_bot_history_range(d.pop("range"))

        currency = d.pop("currency")

        resolution_seconds = d.pop("resolution_seconds")

        points = []
        _points = d.pop("points")
        for points_item_data in _points:
            points_item = BotHistoryPoint.from_dict(points_item_data)

            points.append(points_item)

        bot_history = cls(
            range_=range_,
            currency=currency,
            resolution_seconds=resolution_seconds,
            points=points,
        )

        return bot_history
