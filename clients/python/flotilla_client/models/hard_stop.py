from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="HardStop")


@_attrs_define
class HardStop:
    """The worst that a trade may lose. With both measures the nearer one counts, and `distance` alone while the ATR is
    not known. The strategy's own stop counts where it is tighter.

        Attributes:
            distance (float | None | str | Unset):
            atr_multiple (float | None | str | Unset):
            atr_period (int | Unset):  Default: 14.
    """

    distance: float | None | str | Unset = UNSET
    atr_multiple: float | None | str | Unset = UNSET
    atr_period: int | Unset = 14

    def to_dict(self) -> dict[str, Any]:
        distance: float | None | str | Unset
        if isinstance(self.distance, Unset):
            distance = UNSET
        else:
            distance = self.distance

        atr_multiple: float | None | str | Unset
        if isinstance(self.atr_multiple, Unset):
            atr_multiple = UNSET
        else:
            atr_multiple = self.atr_multiple

        atr_period = self.atr_period

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if distance is not UNSET:
            field_dict["distance"] = distance
        if atr_multiple is not UNSET:
            field_dict["atr_multiple"] = atr_multiple
        if atr_period is not UNSET:
            field_dict["atr_period"] = atr_period

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_distance(data: object) -> float | None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | str | Unset, data)

        distance = _parse_distance(d.pop("distance", UNSET))

        def _parse_atr_multiple(data: object) -> float | None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | str | Unset, data)

        atr_multiple = _parse_atr_multiple(d.pop("atr_multiple", UNSET))

        atr_period = d.pop("atr_period", UNSET)

        hard_stop = cls(
            distance=distance,
            atr_multiple=atr_multiple,
            atr_period=atr_period,
        )

        return hard_stop
