from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="HardStopStateResponse")


@_attrs_define
class HardStopStateResponse:
    """The hard stop.

    Attributes:
        stop_rate (None | str): Null while the bot told none.
    """

    stop_rate: None | str

    def to_dict(self) -> dict[str, Any]:
        stop_rate: None | str
        stop_rate = self.stop_rate

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "stop_rate": stop_rate,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_stop_rate(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        stop_rate = _parse_stop_rate(d.pop("stop_rate"))

        hard_stop_state_response = cls(
            stop_rate=stop_rate,
        )

        return hard_stop_state_response
