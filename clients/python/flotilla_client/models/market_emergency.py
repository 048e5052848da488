from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.market_emergency_release import (
    MarketEmergencyRelease,
    check_market_emergency_release,
)
from ..models.market_emergency_response import (
    MarketEmergencyResponse,
    check_market_emergency_response,
)
from ..types import UNSET, Unset

T = TypeVar("T", bound="MarketEmergency")


@_attrs_define
class MarketEmergency:
    """When the reference pair falls by `ratio` within so many minutes.

    Attributes:
        pair (str):
        ratio (float | str):
        minutes (int):
        response (MarketEmergencyResponse | Unset):  Default: 'pause'.
        reduce_fraction (float | str | Unset):  Default: 0.5.
        release (MarketEmergencyRelease | Unset):  Default: 'next_day'.
        release_hours (int | None | Unset):
    """

    pair: str
    ratio: float | str
    minutes: int
    response: MarketEmergencyResponse | Unset = "pause"
    reduce_fraction: float | str | Unset = 0.5
    release: MarketEmergencyRelease | Unset = "next_day"
    release_hours: int | None | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        pair = self.pair

        ratio: float | str
        ratio = self.ratio

        minutes = self.minutes

        response: str | Unset = UNSET
        if not isinstance(self.response, Unset):
            response = self.response

        reduce_fraction: float | str | Unset
        if isinstance(self.reduce_fraction, Unset):
            reduce_fraction = UNSET
        else:
            reduce_fraction = self.reduce_fraction

        release: str | Unset = UNSET
        if not isinstance(self.release, Unset):
            release = self.release

        release_hours: int | None | Unset
        if isinstance(self.release_hours, Unset):
            release_hours = UNSET
        else:
            release_hours = self.release_hours

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "pair": pair,
                "ratio": ratio,
                "minutes": minutes,
            }
        )
        if response is not UNSET:
            field_dict["response"] = response
        if reduce_fraction is not UNSET:
            field_dict["reduce_fraction"] = reduce_fraction
        if release is not UNSET:
            field_dict["release"] = release
        if release_hours is not UNSET:
            field_dict["release_hours"] = release_hours

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        pair = d.pop("pair")

        def _parse_ratio(data: object) -> float | str:
            return cast(float | str, data)

        ratio = _parse_ratio(d.pop("ratio"))

        minutes = d.pop("minutes")

        _response = d.pop("response", UNSET)
        response: MarketEmergencyResponse | Unset
        if isinstance(_response, Unset):
            response = UNSET
        else:
            response = check_market_emergency_response(_response)

        def _parse_reduce_fraction(data: object) -> float | str | Unset:
            if isinstance(data, Unset):
                return data
            return cast(float | str | Unset, data)

        reduce_fraction = _parse_reduce_fraction(d.pop("reduce_fraction", UNSET))

        _release = d.pop("release", UNSET)
        release: MarketEmergencyRelease | Unset
        if isinstance(_release, Unset):
            release = UNSET
        else:
            release = check_market_emergency_release(_release)

        def _parse_release_hours(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        release_hours = _parse_release_hours(d.pop("release_hours", UNSET))

        market_emergency = cls(
            pair=pair,
            ratio=ratio,
            minutes=minutes,
            response=response,
            reduce_fraction=reduce_fraction,
            release=release,
            release_hours=release_hours,
        )

        return market_emergency
