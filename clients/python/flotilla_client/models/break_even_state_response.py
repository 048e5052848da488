from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="BreakEvenStateResponse")


@_attrs_define
class BreakEvenStateResponse:
    """The break-even rule.

    Attributes:
        trigger_profit_ratio (str): Profit from which on it sets a stop.
        trigger_rate (None | str): Where that is.
        offset_profit_ratio (str): Profit at that stop.
        offset_rate (None | str): Where it will be.
        stop_rate (None | str): Its own stop; null while it has set none.
    """

    trigger_profit_ratio: str
    trigger_rate: None | str
    offset_profit_ratio: str
    offset_rate: None | str
    stop_rate: None | str

    def to_dict(self) -> dict[str, Any]:
        trigger_profit_ratio = self.trigger_profit_ratio

        trigger_rate: None | str
        trigger_rate = self.trigger_rate

        offset_profit_ratio = self.offset_profit_ratio

        offset_rate: None | str
        offset_rate = self.offset_rate

        stop_rate: None | str
        stop_rate = self.stop_rate

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "trigger_profit_ratio": trigger_profit_ratio,
                "trigger_rate": trigger_rate,
                "offset_profit_ratio": offset_profit_ratio,
                "offset_rate": offset_rate,
                "stop_rate": stop_rate,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        trigger_profit_ratio = d.pop("trigger_profit_ratio")

        def _parse_trigger_rate(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        trigger_rate = _parse_trigger_rate(d.pop("trigger_rate"))

        offset_profit_ratio = d.pop("offset_profit_ratio")

        def _parse_offset_rate(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        offset_rate = _parse_offset_rate(d.pop("offset_rate"))

        def _parse_stop_rate(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        stop_rate = _parse_stop_rate(d.pop("stop_rate"))

        break_even_state_response = cls(
            trigger_profit_ratio=trigger_profit_ratio,
            trigger_rate=trigger_rate,
            offset_profit_ratio=offset_profit_ratio,
            offset_rate=offset_rate,
            stop_rate=stop_rate,
        )

        return break_even_state_response
