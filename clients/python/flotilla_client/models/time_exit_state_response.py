from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="TimeExitStateResponse")


@_attrs_define
class TimeExitStateResponse:
    """The time exit.

    Attributes:
        at (datetime.datetime): When it closes the trade.
        only_below_profit_ratio (None | str): Only with less profit than that; null: whatever the profit is.
    """

    at: datetime.datetime
    only_below_profit_ratio: None | str

    def to_dict(self) -> dict[str, Any]:
        at = self.at.isoformat()

        only_below_profit_ratio: None | str
        only_below_profit_ratio = self.only_below_profit_ratio

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "at": at,
                "only_below_profit_ratio": only_below_profit_ratio,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        at = datetime.datetime.fromisoformat(d.pop("at"))

        def _parse_only_below_profit_ratio(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        only_below_profit_ratio = _parse_only_below_profit_ratio(d.pop("only_below_profit_ratio"))

        time_exit_state_response = cls(
            at=at,
            only_below_profit_ratio=only_below_profit_ratio,
        )

        return time_exit_state_response
