from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="TrailingStateResponse")


@_attrs_define
class TrailingStateResponse:
    """The trailing stop.

    Attributes:
        active (bool | None): Whether it follows the price; null while the bot told no best rate.
        activation_profit_ratio (None | str): Profit from which on it is active; null: from the entry.
        activation_rate (None | str): Where that is.
        best_rate (None | str): Best rate seen, the highest of a long and the lowest of a short, since the open rate
            moved last.
        stop_rate (None | str): Its own stop; null while it has set none.
    """

    active: bool | None
    activation_profit_ratio: None | str
    activation_rate: None | str
    best_rate: None | str
    stop_rate: None | str

    def to_dict(self) -> dict[str, Any]:
        active: bool | None
        active = self.active

        activation_profit_ratio: None | str
        activation_profit_ratio = self.activation_profit_ratio

        activation_rate: None | str
        activation_rate = self.activation_rate

        best_rate: None | str
        best_rate = self.best_rate

        stop_rate: None | str
        stop_rate = self.stop_rate

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "active": active,
                "activation_profit_ratio": activation_profit_ratio,
                "activation_rate": activation_rate,
                "best_rate": best_rate,
                "stop_rate": stop_rate,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_active(data: object) -> bool | None:
            if data is None:
                return data
            return cast(bool | None, data)

        active = _parse_active(d.pop("active"))

        def _parse_activation_profit_ratio(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        activation_profit_ratio = _parse_activation_profit_ratio(d.pop("activation_profit_ratio"))

        def _parse_activation_rate(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        activation_rate = _parse_activation_rate(d.pop("activation_rate"))

        def _parse_best_rate(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        best_rate = _parse_best_rate(d.pop("best_rate"))

        def _parse_stop_rate(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        stop_rate = _parse_stop_rate(d.pop("stop_rate"))

        trailing_state_response = cls(
            active=active,
            activation_profit_ratio=activation_profit_ratio,
            activation_rate=activation_rate,
            best_rate=best_rate,
            stop_rate=stop_rate,
        )

        return trailing_state_response
