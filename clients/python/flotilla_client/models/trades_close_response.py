from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.closed_trade_response import ClosedTradeResponse


T = TypeVar("T", bound="TradesCloseResponse")


@_attrs_define
class TradesCloseResponse:
    """Every trade that was meant.

    Attributes:
        dry_run (bool): Nothing was closed.
        items (list[ClosedTradeResponse]): By bot and trade.
        closed (int): Exits that were placed.
        failed (int): Those that were not.
    """

    dry_run: bool
    items: list[ClosedTradeResponse]
    closed: int
    failed: int

    def to_dict(self) -> dict[str, Any]:
        dry_run = self.dry_run

        items = []
        for items_item_data in self.items:
            items_item = items_item_data.to_dict()
            items.append(items_item)

        closed = self.closed

        failed = self.failed

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "dry_run": dry_run,
                "items": items,
                "closed": closed,
                "failed": failed,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.closed_trade_response import ClosedTradeResponse  # noqa: PLC0415

        d = dict(src_dict)
        dry_run = d.pop("dry_run")

        items = []
        _items = d.pop("items")
        for items_item_data in _items:
            items_item = ClosedTradeResponse.from_dict(items_item_data)

            items.append(items_item)

        closed = d.pop("closed")

        failed = d.pop("failed")

        trades_close_response = cls(
            dry_run=dry_run,
            items=items,
            closed=closed,
            failed=failed,
        )

        return trades_close_response
