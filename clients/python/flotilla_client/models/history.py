from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

from ..models.history_range import HistoryRange, check_history_range

if TYPE_CHECKING:
    from ..models.history_point import HistoryPoint


T = TypeVar("T", bound="History")


@_attrs_define
class History:
    """Equity over time in the reporting currency, oldest first: in all, and dry and live apart. Times in which nothing
    was measured have no point.

        Attributes:
            range_ (HistoryRange):
            currency (str):
            resolution_seconds (int):
            points (list[HistoryPoint]):
            dry (list[HistoryPoint]):
            live (list[HistoryPoint]):
    """

    range_: HistoryRange
    currency: str
    resolution_seconds: int
    points: list[HistoryPoint]
    dry: list[HistoryPoint]
    live: list[HistoryPoint]

    def to_dict(self) -> dict[str, Any]:
        range_: str = self.range_

        currency = self.currency

        resolution_seconds = self.resolution_seconds

        points = []
        for points_item_data in self.points:
            points_item = points_item_data.to_dict()
            points.append(points_item)

        dry = []
        for dry_item_data in self.dry:
            dry_item = dry_item_data.to_dict()
            dry.append(dry_item)

        live = []
        for live_item_data in self.live:
            live_item = live_item_data.to_dict()
            live.append(live_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "range": range_,
                "currency": currency,
                "resolution_seconds": resolution_seconds,
                "points": points,
                "dry": dry,
                "live": live,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.history_point import HistoryPoint  # noqa: PLC0415

        d = dict(src_dict)
        range_ = check_history_range(d.pop("range"))

        currency = d.pop("currency")

        resolution_seconds = d.pop("resolution_seconds")

        points = []
        _points = d.pop("points")
        for points_item_data in _points:
            points_item = HistoryPoint.from_dict(points_item_data)

            points.append(points_item)

        dry = []
        _dry = d.pop("dry")
        for dry_item_data in _dry:
            dry_item = HistoryPoint.from_dict(dry_item_data)

            dry.append(dry_item)

        live = []
        _live = d.pop("live")
        for live_item_data in _live:
            live_item = HistoryPoint.from_dict(live_item_data)

            live.append(live_item)

        history = cls(
            range_=range_,
            currency=currency,
            resolution_seconds=resolution_seconds,
            points=points,
            dry=dry,
            live=live,
        )

        return history
