from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.cool_down import CoolDown
    from ..models.group_exposure import GroupExposure
    from ..models.trading_hours import TradingHours


T = TypeVar("T", bound="Limits")


@_attrs_define
class Limits:
    """Across all bots of the user, but for cool-down and hours, which each bot keeps by itself.

    Attributes:
        open_trades (int | None | Unset):
        asset_trades (int | None | Unset):
        asset_exposure (float | None | str | Unset):
        total_exposure (float | None | str | Unset):
        group_exposure (GroupExposure | None | Unset):
        cool_down (CoolDown | None | Unset):
        trading_hours (list[TradingHours] | None | Unset):
    """

    open_trades: int | None | Unset = UNSET
    asset_trades: int | None | Unset = UNSET
    asset_exposure: float | None | str | Unset = UNSET
    total_exposure: float | None | str | Unset = UNSET
    group_exposure: GroupExposure | None | Unset = UNSET
    cool_down: CoolDown | None | Unset = UNSET
    trading_hours: list[TradingHours] | None | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        from ..models.cool_down import CoolDown  # noqa: PLC0415
        from ..models.group_exposure import GroupExposure  # noqa: PLC0415

        open_trades: int | None | Unset
        if isinstance(self.open_trades, Unset):
            open_trades = UNSET
        else:
            open_trades = self.open_trades

        asset_trades: int | None | Unset
        if isinstance(self.asset_trades, Unset):
            asset_trades = UNSET
        else:
            asset_trades = self.asset_trades

        asset_exposure: float | None | str | Unset
        if isinstance(self.asset_exposure, Unset):
            asset_exposure = UNSET
        else:
            asset_exposure = self.asset_exposure

        total_exposure: float | None | str | Unset
        if isinstance(self.total_exposure, Unset):
            total_exposure = UNSET
        else:
            total_exposure = self.total_exposure

        group_exposure: dict[str, Any] | None | Unset
        if isinstance(self.group_exposure, Unset):
            group_exposure = UNSET
        elif isinstance(self.group_exposure, GroupExposure):
            group_exposure = self.group_exposure.to_dict()
        else:
            group_exposure = self.group_exposure

        cool_down: dict[str, Any] | None | Unset
        if isinstance(self.cool_down, Unset):
            cool_down = UNSET
        elif isinstance(self.cool_down, CoolDown):
            cool_down = self.cool_down.to_dict()
        else:
            cool_down = self.cool_down

        trading_hours: list[dict[str, Any]] | None | Unset
        if isinstance(self.trading_hours, Unset):
            trading_hours = UNSET
        elif isinstance(self.trading_hours, list):
            trading_hours = []
            for trading_hours_type_0_item_data in self.trading_hours:
                trading_hours_type_0_item = trading_hours_type_0_item_data.to_dict()
                trading_hours.append(trading_hours_type_0_item)

        else:
            trading_hours = self.trading_hours

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if open_trades is not UNSET:
            field_dict["open_trades"] = open_trades
        if asset_trades is not UNSET:
            field_dict["asset_trades"] = asset_trades
        if asset_exposure is not UNSET:
            field_dict["asset_exposure"] = asset_exposure
        if total_exposure is not UNSET:
            field_dict["total_exposure"] = total_exposure
        if group_exposure is not UNSET:
            field_dict["group_exposure"] = group_exposure
        if cool_down is not UNSET:
            field_dict["cool_down"] = cool_down
        if trading_hours is not UNSET:
            field_dict["trading_hours"] = trading_hours

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.cool_down import CoolDown  # noqa: PLC0415
        from ..models.group_exposure import GroupExposure  # noqa: PLC0415
        from ..models.trading_hours import TradingHours  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_open_trades(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        open_trades = _parse_open_trades(d.pop("open_trades", UNSET))

        def _parse_asset_trades(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        asset_trades = _parse_asset_trades(d.pop("asset_trades", UNSET))

        def _parse_asset_exposure(data: object) -> float | None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | str | Unset, data)

        asset_exposure = _parse_asset_exposure(d.pop("asset_exposure", UNSET))

        def _parse_total_exposure(data: object) -> float | None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | str | Unset, data)

        total_exposure = _parse_total_exposure(d.pop("total_exposure", UNSET))

        def _parse_group_exposure(data: object) -> GroupExposure | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                group_exposure_type_0 = GroupExposure.from_dict(data)

                return group_exposure_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(GroupExposure | None | Unset, data)

        group_exposure = _parse_group_exposure(d.pop("group_exposure", UNSET))

        def _parse_cool_down(data: object) -> CoolDown | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                cool_down_type_0 = CoolDown.from_dict(data)

                return cool_down_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(CoolDown | None | Unset, data)

        cool_down = _parse_cool_down(d.pop("cool_down", UNSET))

        def _parse_trading_hours(data: object) -> list[TradingHours] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                trading_hours_type_0 = []
                _trading_hours_type_0 = data
                for trading_hours_type_0_item_data in _trading_hours_type_0:
                    trading_hours_type_0_item = TradingHours.from_dict(trading_hours_type_0_item_data)

                    trading_hours_type_0.append(trading_hours_type_0_item)

                return trading_hours_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[TradingHours] | None | Unset, data)

        trading_hours = _parse_trading_hours(d.pop("trading_hours", UNSET))

        limits = cls(
            open_trades=open_trades,
            asset_trades=asset_trades,
            asset_exposure=asset_exposure,
            total_exposure=total_exposure,
            group_exposure=group_exposure,
            cool_down=cool_down,
            trading_hours=trading_hours,
        )

        return limits
