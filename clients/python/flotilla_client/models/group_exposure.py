from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.group_exposure_timeframe import (
    GroupExposureTimeframe,
    check_group_exposure_timeframe,
)
from ..types import UNSET, Unset

T = TypeVar("T", bound="GroupExposure")


@_attrs_define
class GroupExposure:
    """Assets whose returns over the last `candles` of `timeframe` correlate (Pearson) with the asked one's by
    `correlation` or more count as one: their gross exposure together is at most `ratio` of equity.

        Attributes:
            ratio (float | str):
            correlation (float | str | Unset):  Default: 0.8.
            timeframe (GroupExposureTimeframe | Unset):  Default: '1h'.
            candles (int | Unset):  Default: 168.
    """

    ratio: float | str
    correlation: float | str | Unset = 0.8
    timeframe: GroupExposureTimeframe | Unset = "1h"
    candles: int | Unset = 168

    def to_dict(self) -> dict[str, Any]:
        ratio: float | str
        ratio = self.ratio

        correlation: float | str | Unset
        if isinstance(self.correlation, Unset):
            correlation = UNSET
        else:
            correlation = self.correlation

        timeframe: str | Unset = UNSET
        if not isinstance(self.timeframe, Unset):
            timeframe = self.timeframe

        candles = self.candles

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "ratio": ratio,
            }
        )
        if correlation is not UNSET:
            field_dict["correlation"] = correlation
        if timeframe is not UNSET:
            field_dict["timeframe"] = timeframe
        if candles is not UNSET:
            field_dict["candles"] = candles

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_ratio(data: object) -> float | str:
            return cast(float | str, data)

        ratio = _parse_ratio(d.pop("ratio"))

        def _parse_correlation(data: object) -> float | str | Unset:
            if isinstance(data, Unset):
                return data
            return cast(float | str | Unset, data)

        correlation = _parse_correlation(d.pop("correlation", UNSET))

        _timeframe = d.pop("timeframe", UNSET)
        timeframe: GroupExposureTimeframe | Unset
        if isinstance(_timeframe, Unset):
            timeframe = UNSET
        else:
            timeframe = check_group_exposure_timeframe(_timeframe)

        candles = d.pop("candles", UNSET)

        group_exposure = cls(
            ratio=ratio,
            correlation=correlation,
            timeframe=timeframe,
            candles=candles,
        )

        return group_exposure
