from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="TrailingStop")


@_attrs_define
class TrailingStop:
    """From profit `activation` on (None: from the entry) the stop follows the best price at this distance.

    It moves by at least `step` (of the open rate) at a time. With `lock_in` the first stop is at no less than that
    profit; none is ever below it after.

        Attributes:
            distance (float | None | str | Unset):
            atr_multiple (float | None | str | Unset):
            atr_period (int | Unset):  Default: 14.
            activation (float | None | str | Unset):
            step (float | str | Unset):  Default: 0.0.
            lock_in (float | None | str | Unset):
    """

    distance: float | None | str | Unset = UNSET
    atr_multiple: float | None | str | Unset = UNSET
    atr_period: int | Unset = 14
    activation: float | None | str | Unset = UNSET
    step: float | str | Unset = 0.0
    lock_in: float | None | str | Unset = UNSET

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

        activation: float | None | str | Unset
        if isinstance(self.activation, Unset):
            activation = UNSET
        else:
            activation = self.activation

        step: float | str | Unset
        if isinstance(self.step, Unset):
            step = UNSET
        else:
            step = self.step

        lock_in: float | None | str | Unset
        if isinstance(self.lock_in, Unset):
            lock_in = UNSET
        else:
            lock_in = self.lock_in

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if distance is not UNSET:
            field_dict["distance"] = distance
        if atr_multiple is not UNSET:
            field_dict["atr_multiple"] = atr_multiple
        if atr_period is not UNSET:
            field_dict["atr_period"] = atr_period
        if activation is not UNSET:
            field_dict["activation"] = activation
        if step is not UNSET:
            field_dict["step"] = step
        if lock_in is not UNSET:
            field_dict["lock_in"] = lock_in

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

        def _parse_activation(data: object) -> float | None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | str | Unset, data)

        activation = _parse_activation(d.pop("activation", UNSET))

        def _parse_step(data: object) -> float | str | Unset:
            if isinstance(data, Unset):
                return data
            return cast(float | str | Unset, data)

        step = _parse_step(d.pop("step", UNSET))

        def _parse_lock_in(data: object) -> float | None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | str | Unset, data)

        lock_in = _parse_lock_in(d.pop("lock_in", UNSET))

        trailing_stop = cls(
            distance=distance,
            atr_multiple=atr_multiple,
            atr_period=atr_period,
            activation=activation,
            step=step,
            lock_in=lock_in,
        )

        return trailing_stop
