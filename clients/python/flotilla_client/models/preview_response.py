from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.change_response import ChangeResponse
    from ..models.exceeded_response import ExceededResponse
    from ..models.trade_preview_response import TradePreviewResponse


T = TypeVar("T", bound="PreviewResponse")


@_attrs_define
class PreviewResponse:
    """What would change right now.

    Attributes:
        trades (list[TradePreviewResponse]): Every open trade, changed or not.
        closes_at_once (int): How many would be closed at once, wholly or in part; a PUT then wants `confirm=true`.
        exceeded (list[ExceededResponse]): No new risk there until less is held; nothing is closed.
        changes (list[ChangeResponse]): What differs from the document in force.
    """

    trades: list[TradePreviewResponse]
    closes_at_once: int
    exceeded: list[ExceededResponse]
    changes: list[ChangeResponse]

    def to_dict(self) -> dict[str, Any]:
        trades = []
        for trades_item_data in self.trades:
            trades_item = trades_item_data.to_dict()
            trades.append(trades_item)

        closes_at_once = self.closes_at_once

        exceeded = []
        for exceeded_item_data in self.exceeded:
            exceeded_item = exceeded_item_data.to_dict()
            exceeded.append(exceeded_item)

        changes = []
        for changes_item_data in self.changes:
            changes_item = changes_item_data.to_dict()
            changes.append(changes_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "trades": trades,
                "closes_at_once": closes_at_once,
                "exceeded": exceeded,
                "changes": changes,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.change_response import ChangeResponse  # noqa: PLC0415
        from ..models.exceeded_response import ExceededResponse  # noqa: PLC0415
        from ..models.trade_preview_response import TradePreviewResponse  # noqa: PLC0415

        d = dict(src_dict)
        trades = []
        _trades = d.pop("trades")
        for trades_item_data in _trades:
            trades_item = TradePreviewResponse.from_dict(trades_item_data)

            trades.append(trades_item)

        closes_at_once = d.pop("closes_at_once")

        exceeded = []
        _exceeded = d.pop("exceeded")
        for exceeded_item_data in _exceeded:
            exceeded_item = ExceededResponse.from_dict(exceeded_item_data)

            exceeded.append(exceeded_item)

        changes = []
        _changes = d.pop("changes")
        for changes_item_data in _changes:
            changes_item = ChangeResponse.from_dict(changes_item_data)

            changes.append(changes_item)

        preview_response = cls(
            trades=trades,
            closes_at_once=closes_at_once,
            exceeded=exceeded,
            changes=changes,
        )

        return preview_response
