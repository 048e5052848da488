from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.break_even_state_response import BreakEvenStateResponse
    from ..models.hard_stop_state_response import HardStopStateResponse
    from ..models.ladder_level_response import LadderLevelResponse
    from ..models.time_exit_state_response import TimeExitStateResponse
    from ..models.trade_stop_response import TradeStopResponse
    from ..models.trailing_state_response import TrailingStateResponse


T = TypeVar("T", bound="TradeLevelsResponse")


@_attrs_define
class TradeLevelsResponse:
    """The levels of an open trade. What only the bot knows is as it told it, and null where it told nothing; the rest
    follows from the policy that it is to keep. A rule that the policy does not have is null.

        Attributes:
            policy (None | str): Versions that the policy follows from: `<default>.<override>.<guardrails>`; null where
                nobody wrote one.
            in_force (bool): Whether the bot's process says that it keeps this policy: false for a second or two after a
                change, and while no process is there to act on any of this.
            stop (None | TradeStopResponse): The tighter of the two that follow; null: none.
            own_stop_rate (None | str): FreqTrade's own stop: the strategy's, or what a universal one tightened it to; it
                never loosens.
            universal_stop (None | TradeStopResponse): The tightest stop of the universal rules, as the bot told it.
            ladder (list[LadderLevelResponse]): Every level; empty without the rule.
            trailing (None | TrailingStateResponse): The trailing stop.
            break_even (BreakEvenStateResponse | None): The break-even rule.
            hard_stop (HardStopStateResponse | None): The hard stop.
            time_exit (None | TimeExitStateResponse): The time exit.
    """

    policy: None | str
    in_force: bool
    stop: None | TradeStopResponse
    own_stop_rate: None | str
    universal_stop: None | TradeStopResponse
    ladder: list[LadderLevelResponse]
    trailing: None | TrailingStateResponse
    break_even: BreakEvenStateResponse | None
    hard_stop: HardStopStateResponse | None
    time_exit: None | TimeExitStateResponse

    def to_dict(self) -> dict[str, Any]:
        from ..models.break_even_state_response import BreakEvenStateResponse  # noqa: PLC0415
        from ..models.hard_stop_state_response import HardStopStateResponse  # noqa: PLC0415
        from ..models.time_exit_state_response import TimeExitStateResponse  # noqa: PLC0415
        from ..models.trade_stop_response import TradeStopResponse  # noqa: PLC0415
        from ..models.trailing_state_response import TrailingStateResponse  # noqa: PLC0415

        policy: None | str
        policy = self.policy

        in_force = self.in_force

        stop: dict[str, Any] | None
        if isinstance(self.stop, TradeStopResponse):
            stop = self.stop.to_dict()
        else:
            stop = self.stop

        own_stop_rate: None | str
        own_stop_rate = self.own_stop_rate

        universal_stop: dict[str, Any] | None
        if isinstance(self.universal_stop, TradeStopResponse):
            universal_stop = self.universal_stop.to_dict()
        else:
            universal_stop = self.universal_stop

        ladder = []
        for ladder_item_data in self.ladder:
            ladder_item = ladder_item_data.to_dict()
            ladder.append(ladder_item)

        trailing: dict[str, Any] | None
        if isinstance(self.trailing, TrailingStateResponse):
            trailing = self.trailing.to_dict()
        else:
            trailing = self.trailing

        break_even: dict[str, Any] | None
        if isinstance(self.break_even, BreakEvenStateResponse):
            break_even = self.break_even.to_dict()
        else:
            break_even = self.break_even

        hard_stop: dict[str, Any] | None
        if isinstance(self.hard_stop, HardStopStateResponse):
            hard_stop = self.hard_stop.to_dict()
        else:
            hard_stop = self.hard_stop

        time_exit: dict[str, Any] | None
        if isinstance(self.time_exit, TimeExitStateResponse):
            time_exit = self.time_exit.to_dict()
        else:
            time_exit = self.time_exit

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "policy": policy,
                "in_force": in_force,
                "stop": stop,
                "own_stop_rate": own_stop_rate,
                "universal_stop": universal_stop,
                "ladder": ladder,
                "trailing": trailing,
                "break_even": break_even,
                "hard_stop": hard_stop,
                "time_exit": time_exit,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.break_even_state_response import BreakEvenStateResponse  # noqa: PLC0415
        from ..models.hard_stop_state_response import HardStopStateResponse  # noqa: PLC0415
        from ..models.ladder_level_response import LadderLevelResponse  # noqa: PLC0415
        from ..models.time_exit_state_response import TimeExitStateResponse  # noqa: PLC0415
        from ..models.trade_stop_response import TradeStopResponse  # noqa: PLC0415
        from ..models.trailing_state_response import TrailingStateResponse  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_policy(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        policy = _parse_policy(d.pop("policy"))

        in_force = d.pop("in_force")

        def _parse_stop(data: object) -> None | TradeStopResponse:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                stop_type_0 = TradeStopResponse.from_dict(data)

                return stop_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | TradeStopResponse, data)

        stop = _parse_stop(d.pop("stop"))

        def _parse_own_stop_rate(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        own_stop_rate = _parse_own_stop_rate(d.pop("own_stop_rate"))

        def _parse_universal_stop(data: object) -> None | TradeStopResponse:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                universal_stop_type_0 = TradeStopResponse.from_dict(data)

                return universal_stop_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | TradeStopResponse, data)

        universal_stop = _parse_universal_stop(d.pop("universal_stop"))

        ladder = []
        _ladder = d.pop("ladder")
        for ladder_item_data in _ladder:
            ladder_item = LadderLevelResponse.from_dict(ladder_item_data)

            ladder.append(ladder_item)

        def _parse_trailing(data: object) -> None | TrailingStateResponse:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                trailing_type_0 = TrailingStateResponse.from_dict(data)

                return trailing_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | TrailingStateResponse, data)

        trailing = _parse_trailing(d.pop("trailing"))

        def _parse_break_even(data: object) -> BreakEvenStateResponse | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                break_even_type_0 = BreakEvenStateResponse.from_dict(data)

                return break_even_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(BreakEvenStateResponse | None, data)

        break_even = _parse_break_even(d.pop("break_even"))

        def _parse_hard_stop(data: object) -> HardStopStateResponse | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                hard_stop_type_0 = HardStopStateResponse.from_dict(data)

                return hard_stop_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(HardStopStateResponse | None, data)

        hard_stop = _parse_hard_stop(d.pop("hard_stop"))

        def _parse_time_exit(data: object) -> None | TimeExitStateResponse:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                time_exit_type_0 = TimeExitStateResponse.from_dict(data)

                return time_exit_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | TimeExitStateResponse, data)

        time_exit = _parse_time_exit(d.pop("time_exit"))

        trade_levels_response = cls(
            policy=policy,
            in_force=in_force,
            stop=stop,
            own_stop_rate=own_stop_rate,
            universal_stop=universal_stop,
            ladder=ladder,
            trailing=trailing,
            break_even=break_even,
            hard_stop=hard_stop,
            time_exit=time_exit,
        )

        return trade_levels_response
