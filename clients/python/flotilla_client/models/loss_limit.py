from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.loss_limit_release import LossLimitRelease, check_loss_limit_release
from ..models.loss_limit_response import LossLimitResponse, check_loss_limit_response
from ..models.loss_limit_scope import LossLimitScope, check_loss_limit_scope
from ..models.loss_limit_window import LossLimitWindow, check_loss_limit_window
from ..types import UNSET, Unset

T = TypeVar("T", bound="LossLimit")


@_attrs_define
class LossLimit:
    """When equity of the bot, or of all bots of the user, falls by `ratio`: from the beginning of the day or week (in
    the document's time zone; weeks begin on Monday), or from its peak (`drawdown`).

        Attributes:
            scope (LossLimitScope):
            window (LossLimitWindow):
            ratio (float | str):
            response (LossLimitResponse | Unset):  Default: 'pause'.
            reduce_fraction (float | str | Unset):  Default: 0.5.
            release (LossLimitRelease | Unset):  Default: 'next_day'.
            release_hours (int | None | Unset):
    """

    scope: LossLimitScope
    window: LossLimitWindow
    ratio: float | str
    response: LossLimitResponse | Unset = "pause"
    reduce_fraction: float | str | Unset = 0.5
    release: LossLimitRelease | Unset = "next_day"
    release_hours: int | None | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        scope: str = self.scope

        window: str = self.window

        ratio: float | str
        ratio = self.ratio

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
                "scope": scope,
                "window": window,
                "ratio": ratio,
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
        scope = check_loss_limit_scope(d.pop("scope"))

        window = check_loss_limit_window(d.pop("window"))

        def _parse_ratio(data: object) -> float | str:
            return cast(float | str, data)

        ratio = _parse_ratio(d.pop("ratio"))

        _response = d.pop("response", UNSET)
        response: LossLimitResponse | Unset
        if isinstance(_response, Unset):
            response = UNSET
        else:
            response = check_loss_limit_response(_response)

        def _parse_reduce_fraction(data: object) -> float | str | Unset:
            if isinstance(data, Unset):
                return data
            return cast(float | str | Unset, data)

        reduce_fraction = _parse_reduce_fraction(d.pop("reduce_fraction", UNSET))

        _release = d.pop("release", UNSET)
        release: LossLimitRelease | Unset
        if isinstance(_release, Unset):
            release = UNSET
        else:
            release = check_loss_limit_release(_release)

        def _parse_release_hours(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        release_hours = _parse_release_hours(d.pop("release_hours", UNSET))

        loss_limit = cls(
            scope=scope,
            window=window,
            ratio=ratio,
            response=response,
            reduce_fraction=reduce_fraction,
            release=release,
            release_hours=release_hours,
        )

        return loss_limit
