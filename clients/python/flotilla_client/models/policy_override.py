from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.break_even import BreakEven
    from ..models.equity_size import EquitySize
    from ..models.fixed_size import FixedSize
    from ..models.hard_stop import HardStop
    from ..models.kelly_size import KellySize
    from ..models.limits import Limits
    from ..models.loss_limit import LossLimit
    from ..models.risk_size import RiskSize
    from ..models.take_profit import TakeProfit
    from ..models.time_exit import TimeExit
    from ..models.trailing_stop import TrailingStop
    from ..models.volatility_size import VolatilitySize


T = TypeVar("T", bound="PolicyOverride")


@_attrs_define
class PolicyOverride:
    """What one bot has otherwise than its user's default: a section that is given replaces the whole section of the
    default, null switches it off, and one that is not given is inherited (told by `model_fields_set`). Limits across
    bots (`limits` but cool_down and trading_hours, loss limits of scope `user`) are the user's: an override cannot have
    them.

        Attributes:
            schema_version (int | Unset):  Default: 1.
            take_profit (None | TakeProfit | Unset):
            trailing_stop (None | TrailingStop | Unset):
            break_even (BreakEven | None | Unset):
            hard_stop (HardStop | None | Unset):
            time_exit (None | TimeExit | Unset):
            sizing (EquitySize | FixedSize | KellySize | None | RiskSize | Unset | VolatilitySize):
            limits (Limits | None | Unset):
            loss_limits (list[LossLimit] | Unset):
    """

    schema_version: int | Unset = 1
    take_profit: None | TakeProfit | Unset = UNSET
    trailing_stop: None | TrailingStop | Unset = UNSET
    break_even: BreakEven | None | Unset = UNSET
    hard_stop: HardStop | None | Unset = UNSET
    time_exit: None | TimeExit | Unset = UNSET
    sizing: EquitySize | FixedSize | KellySize | None | RiskSize | Unset | VolatilitySize = UNSET
    limits: Limits | None | Unset = UNSET
    loss_limits: list[LossLimit] | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        from ..models.break_even import BreakEven  # noqa: PLC0415
        from ..models.equity_size import EquitySize  # noqa: PLC0415
        from ..models.fixed_size import FixedSize  # noqa: PLC0415
        from ..models.hard_stop import HardStop  # noqa: PLC0415
        from ..models.kelly_size import KellySize  # noqa: PLC0415
        from ..models.limits import Limits  # noqa: PLC0415
        from ..models.risk_size import RiskSize  # noqa: PLC0415
        from ..models.take_profit import TakeProfit  # noqa: PLC0415
        from ..models.time_exit import TimeExit  # noqa: PLC0415
        from ..models.trailing_stop import TrailingStop  # noqa: PLC0415
        from ..models.volatility_size import VolatilitySize  # noqa: PLC0415

        schema_version = self.schema_version

        take_profit: dict[str, Any] | None | Unset
        if isinstance(self.take_profit, Unset):
            take_profit = UNSET
        elif isinstance(self.take_profit, TakeProfit):
            take_profit = self.take_profit.to_dict()
        else:
            take_profit = self.take_profit

        trailing_stop: dict[str, Any] | None | Unset
        if isinstance(self.trailing_stop, Unset):
            trailing_stop = UNSET
        elif isinstance(self.trailing_stop, TrailingStop):
            trailing_stop = self.trailing_stop.to_dict()
        else:
            trailing_stop = self.trailing_stop

        break_even: dict[str, Any] | None | Unset
        if isinstance(self.break_even, Unset):
            break_even = UNSET
        elif isinstance(self.break_even, BreakEven):
            break_even = self.break_even.to_dict()
        else:
            break_even = self.break_even

        hard_stop: dict[str, Any] | None | Unset
        if isinstance(self.hard_stop, Unset):
            hard_stop = UNSET
        elif isinstance(self.hard_stop, HardStop):
            hard_stop = self.hard_stop.to_dict()
        else:
            hard_stop = self.hard_stop

        time_exit: dict[str, Any] | None | Unset
        if isinstance(self.time_exit, Unset):
            time_exit = UNSET
        elif isinstance(self.time_exit, TimeExit):
            time_exit = self.time_exit.to_dict()
        else:
            time_exit = self.time_exit

        sizing: dict[str, Any] | None | Unset
        if isinstance(self.sizing, Unset):
            sizing = UNSET
        elif isinstance(self.sizing, FixedSize):
            sizing = self.sizing.to_dict()
        elif isinstance(self.sizing, EquitySize):
            sizing = self.sizing.to_dict()
        elif isinstance(self.sizing, RiskSize):
            sizing = self.sizing.to_dict()
        elif isinstance(self.sizing, VolatilitySize):
            sizing = self.sizing.to_dict()
        elif isinstance(self.sizing, KellySize):
            sizing = self.sizing.to_dict()
        else:
            sizing = self.sizing

        limits: dict[str, Any] | None | Unset
        if isinstance(self.limits, Unset):
            limits = UNSET
        elif isinstance(self.limits, Limits):
            limits = self.limits.to_dict()
        else:
            limits = self.limits

        loss_limits: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.loss_limits, Unset):
            loss_limits = []
            for loss_limits_item_data in self.loss_limits:
                loss_limits_item = loss_limits_item_data.to_dict()
                loss_limits.append(loss_limits_item)

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if schema_version is not UNSET:
            field_dict["schema_version"] = schema_version
        if take_profit is not UNSET:
            field_dict["take_profit"] = take_profit
        if trailing_stop is not UNSET:
            field_dict["trailing_stop"] = trailing_stop
        if break_even is not UNSET:
            field_dict["break_even"] = break_even
        if hard_stop is not UNSET:
            field_dict["hard_stop"] = hard_stop
        if time_exit is not UNSET:
            field_dict["time_exit"] = time_exit
        if sizing is not UNSET:
            field_dict["sizing"] = sizing
        if limits is not UNSET:
            field_dict["limits"] = limits
        if loss_limits is not UNSET:
            field_dict["loss_limits"] = loss_limits

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.break_even import BreakEven  # noqa: PLC0415
        from ..models.equity_size import EquitySize  # noqa: PLC0415
        from ..models.fixed_size import FixedSize  # noqa: PLC0415
        from ..models.hard_stop import HardStop  # noqa: PLC0415
        from ..models.kelly_size import KellySize  # noqa: PLC0415
        from ..models.limits import Limits  # noqa: PLC0415
        from ..models.loss_limit import LossLimit  # noqa: PLC0415
        from ..models.risk_size import RiskSize  # noqa: PLC0415
        from ..models.take_profit import TakeProfit  # noqa: PLC0415
        from ..models.time_exit import TimeExit  # noqa: PLC0415
        from ..models.trailing_stop import TrailingStop  # noqa: PLC0415
        from ..models.volatility_size import VolatilitySize  # noqa: PLC0415

        d = dict(src_dict)
        schema_version = d.pop("schema_version", UNSET)

        def _parse_take_profit(data: object) -> None | TakeProfit | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                take_profit_type_0 = TakeProfit.from_dict(data)

                return take_profit_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | TakeProfit | Unset, data)

        take_profit = _parse_take_profit(d.pop("take_profit", UNSET))

        def _parse_trailing_stop(data: object) -> None | TrailingStop | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                trailing_stop_type_0 = TrailingStop.from_dict(data)

                return trailing_stop_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | TrailingStop | Unset, data)

        trailing_stop = _parse_trailing_stop(d.pop("trailing_stop", UNSET))

        def _parse_break_even(data: object) -> BreakEven | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                break_even_type_0 = BreakEven.from_dict(data)

                return break_even_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(BreakEven | None | Unset, data)

        break_even = _parse_break_even(d.pop("break_even", UNSET))

        def _parse_hard_stop(data: object) -> HardStop | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                hard_stop_type_0 = HardStop.from_dict(data)

                return hard_stop_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(HardStop | None | Unset, data)

        hard_stop = _parse_hard_stop(d.pop("hard_stop", UNSET))

        def _parse_time_exit(data: object) -> None | TimeExit | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                time_exit_type_0 = TimeExit.from_dict(data)

                return time_exit_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | TimeExit | Unset, data)

        time_exit = _parse_time_exit(d.pop("time_exit", UNSET))

        def _parse_sizing(
            data: object,
        ) -> EquitySize | FixedSize | KellySize | None | RiskSize | Unset | VolatilitySize:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                sizing_type_0_type_0 = FixedSize.from_dict(data)

                return sizing_type_0_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                sizing_type_0_type_1 = EquitySize.from_dict(data)

                return sizing_type_0_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                sizing_type_0_type_2 = RiskSize.from_dict(data)

                return sizing_type_0_type_2
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                sizing_type_0_type_3 = VolatilitySize.from_dict(data)

                return sizing_type_0_type_3
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                sizing_type_0_type_4 = KellySize.from_dict(data)

                return sizing_type_0_type_4
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(EquitySize | FixedSize | KellySize | None | RiskSize | Unset | VolatilitySize, data)

        sizing = _parse_sizing(d.pop("sizing", UNSET))

        def _parse_limits(data: object) -> Limits | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                limits_type_0 = Limits.from_dict(data)

                return limits_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Limits | None | Unset, data)

        limits = _parse_limits(d.pop("limits", UNSET))

        _loss_limits = d.pop("loss_limits", UNSET)
        loss_limits: list[LossLimit] | Unset = UNSET
        if _loss_limits is not UNSET:
            loss_limits = []
            for loss_limits_item_data in _loss_limits:
                loss_limits_item = LossLimit.from_dict(loss_limits_item_data)

                loss_limits.append(loss_limits_item)

        policy_override = cls(
            schema_version=schema_version,
            take_profit=take_profit,
            trailing_stop=trailing_stop,
            break_even=break_even,
            hard_stop=hard_stop,
            time_exit=time_exit,
            sizing=sizing,
            limits=limits,
            loss_limits=loss_limits,
        )

        return policy_override
