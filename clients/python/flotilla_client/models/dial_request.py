from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="DialRequest")


@_attrs_define
class DialRequest:
    """A dial, or a preset.

    Attributes:
        dial (int | None | Unset): 0, most careful, to 100.
        preset (None | str | Unset): Name of a preset, instead of a dial.
        time_zone (None | str | Unset): Without it that of the default in force.
        reference_pair (str | Unset): Whose fall is an emergency. Default: 'BTC/USDT'.
    """

    dial: int | None | Unset = UNSET
    preset: None | str | Unset = UNSET
    time_zone: None | str | Unset = UNSET
    reference_pair: str | Unset = "BTC/USDT"

    def to_dict(self) -> dict[str, Any]:
        dial: int | None | Unset
        if isinstance(self.dial, Unset):
            dial = UNSET
        else:
            dial = self.dial

        preset: None | str | Unset
        if isinstance(self.preset, Unset):
            preset = UNSET
        else:
            preset = self.preset

        time_zone: None | str | Unset
        if isinstance(self.time_zone, Unset):
            time_zone = UNSET
        else:
            time_zone = self.time_zone

        reference_pair = self.reference_pair

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if dial is not UNSET:
            field_dict["dial"] = dial
        if preset is not UNSET:
            field_dict["preset"] = preset
        if time_zone is not UNSET:
            field_dict["time_zone"] = time_zone
        if reference_pair is not UNSET:
            field_dict["reference_pair"] = reference_pair

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_dial(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        dial = _parse_dial(d.pop("dial", UNSET))

        def _parse_preset(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        preset = _parse_preset(d.pop("preset", UNSET))

        def _parse_time_zone(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        time_zone = _parse_time_zone(d.pop("time_zone", UNSET))

        reference_pair = d.pop("reference_pair", UNSET)

        dial_request = cls(
            dial=dial,
            preset=preset,
            time_zone=time_zone,
            reference_pair=reference_pair,
        )

        return dial_request
