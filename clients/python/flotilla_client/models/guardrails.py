from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="Guardrails")


@_attrs_define
class Guardrails:
    """What an administrator demands of every document; nobody below can loosen it. None: no demand.

    Attributes:
        hard_stop_at_most (float | None | str | Unset):
        open_trades_at_most (int | None | Unset):
        asset_exposure_at_most (float | None | str | Unset):
        total_exposure_at_most (float | None | str | Unset):
        group_exposure_at_most (float | None | str | Unset):
        stake_at_most (float | None | str | Unset):
        daily_loss_at_most (float | None | str | Unset):
        weekly_loss_at_most (float | None | str | Unset):
        drawdown_at_most (float | None | str | Unset):
    """

    hard_stop_at_most: float | None | str | Unset = UNSET
    open_trades_at_most: int | None | Unset = UNSET
    asset_exposure_at_most: float | None | str | Unset = UNSET
    total_exposure_at_most: float | None | str | Unset = UNSET
    group_exposure_at_most: float | None | str | Unset = UNSET
    stake_at_most: float | None | str | Unset = UNSET
    daily_loss_at_most: float | None | str | Unset = UNSET
    weekly_loss_at_most: float | None | str | Unset = UNSET
    drawdown_at_most: float | None | str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        hard_stop_at_most: float | None | str | Unset
        if isinstance(self.hard_stop_at_most, Unset):
            hard_stop_at_most = UNSET
        else:
            hard_stop_at_most = self.hard_stop_at_most

        open_trades_at_most: int | None | Unset
        if isinstance(self.open_trades_at_most, Unset):
            open_trades_at_most = UNSET
        else:
            open_trades_at_most = self.open_trades_at_most

        asset_exposure_at_most: float | None | str | Unset
        if isinstance(self.asset_exposure_at_most, Unset):
            asset_exposure_at_most = UNSET
        else:
            asset_exposure_at_most = self.asset_exposure_at_most

        total_exposure_at_most: float | None | str | Unset
        if isinstance(self.total_exposure_at_most, Unset):
            total_exposure_at_most = UNSET
        else:
            total_exposure_at_most = self.total_exposure_at_most

        group_exposure_at_most: float | None | str | Unset
        if isinstance(self.group_exposure_at_most, Unset):
            group_exposure_at_most = UNSET
        else:
            group_exposure_at_most = self.group_exposure_at_most

        stake_at_most: float | None | str | Unset
        if isinstance(self.stake_at_most, Unset):
            stake_at_most = UNSET
        else:
            stake_at_most = self.stake_at_most

        daily_loss_at_most: float | None | str | Unset
        if isinstance(self.daily_loss_at_most, Unset):
            daily_loss_at_most = UNSET
        else:
            daily_loss_at_most = self.daily_loss_at_most

        weekly_loss_at_most: float | None | str | Unset
        if isinstance(self.weekly_loss_at_most, Unset):
            weekly_loss_at_most = UNSET
        else:
            weekly_loss_at_most = self.weekly_loss_at_most

        drawdown_at_most: float | None | str | Unset
        if isinstance(self.drawdown_at_most, Unset):
            drawdown_at_most = UNSET
        else:
            drawdown_at_most = self.drawdown_at_most

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if hard_stop_at_most is not UNSET:
            field_dict["hard_stop_at_most"] = hard_stop_at_most
        if open_trades_at_most is not UNSET:
            field_dict["open_trades_at_most"] = open_trades_at_most
        if asset_exposure_at_most is not UNSET:
            field_dict["asset_exposure_at_most"] = asset_exposure_at_most
        if total_exposure_at_most is not UNSET:
            field_dict["total_exposure_at_most"] = total_exposure_at_most
        if group_exposure_at_most is not UNSET:
            field_dict["group_exposure_at_most"] = group_exposure_at_most
        if stake_at_most is not UNSET:
            field_dict["stake_at_most"] = stake_at_most
        if daily_loss_at_most is not UNSET:
            field_dict["daily_loss_at_most"] = daily_loss_at_most
        if weekly_loss_at_most is not UNSET:
            field_dict["weekly_loss_at_most"] = weekly_loss_at_most
        if drawdown_at_most is not UNSET:
            field_dict["drawdown_at_most"] = drawdown_at_most

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_hard_stop_at_most(data: object) -> float | None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | str | Unset, data)

        hard_stop_at_most = _parse_hard_stop_at_most(d.pop("hard_stop_at_most", UNSET))

        def _parse_open_trades_at_most(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        open_trades_at_most = _parse_open_trades_at_most(d.pop("open_trades_at_most", UNSET))

        def _parse_asset_exposure_at_most(data: object) -> float | None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | str | Unset, data)

        asset_exposure_at_most = _parse_asset_exposure_at_most(d.pop("asset_exposure_at_most", UNSET))

        def _parse_total_exposure_at_most(data: object) -> float | None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | str | Unset, data)

        total_exposure_at_most = _parse_total_exposure_at_most(d.pop("total_exposure_at_most", UNSET))

        def _parse_group_exposure_at_most(data: object) -> float | None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | str | Unset, data)

        group_exposure_at_most = _parse_group_exposure_at_most(d.pop("group_exposure_at_most", UNSET))

        def _parse_stake_at_most(data: object) -> float | None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | str | Unset, data)

        stake_at_most = _parse_stake_at_most(d.pop("stake_at_most", UNSET))

        def _parse_daily_loss_at_most(data: object) -> float | None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | str | Unset, data)

        daily_loss_at_most = _parse_daily_loss_at_most(d.pop("daily_loss_at_most", UNSET))

        def _parse_weekly_loss_at_most(data: object) -> float | None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | str | Unset, data)

        weekly_loss_at_most = _parse_weekly_loss_at_most(d.pop("weekly_loss_at_most", UNSET))

        def _parse_drawdown_at_most(data: object) -> float | None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | str | Unset, data)

        drawdown_at_most = _parse_drawdown_at_most(d.pop("drawdown_at_most", UNSET))

        guardrails = cls(
            hard_stop_at_most=hard_stop_at_most,
            open_trades_at_most=open_trades_at_most,
            asset_exposure_at_most=asset_exposure_at_most,
            total_exposure_at_most=total_exposure_at_most,
            group_exposure_at_most=group_exposure_at_most,
            stake_at_most=stake_at_most,
            daily_loss_at_most=daily_loss_at_most,
            weekly_loss_at_most=weekly_loss_at_most,
            drawdown_at_most=drawdown_at_most,
        )

        return guardrails
