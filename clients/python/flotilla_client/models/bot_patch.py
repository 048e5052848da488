from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.bot_patch_parameters_type_0 import BotPatchParametersType0


T = TypeVar("T", bound="BotPatch")


@_attrs_define
class BotPatch:
    """What to change; what is left out stays.

    Attributes:
        name (None | str | Unset): A new name.
        parameters (BotPatchParametersType0 | None | Unset): Those named are changed, the others stay.
        pairs (list[str] | None | Unset): All pairs.
        timeframe (None | str | Unset): Length of a candle.
        stake_amount (float | None | str | Unset): Stake of one trade.
        max_open_trades (int | None | Unset): Trades open at once, at most.
        starting_balance (float | None | str | Unset): Its capital; only while the bot is stopped. See also
            `/wallets/{id}/allocate`.
        wake_on_need (bool | None | Unset): Whether it looks only when something is due; false: every few seconds, as
            FreqTrade does.
    """

    name: None | str | Unset = UNSET
    parameters: BotPatchParametersType0 | None | Unset = UNSET
    pairs: list[str] | None | Unset = UNSET
    timeframe: None | str | Unset = UNSET
    stake_amount: float | None | str | Unset = UNSET
    max_open_trades: int | None | Unset = UNSET
    starting_balance: float | None | str | Unset = UNSET
    wake_on_need: bool | None | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        from ..models.bot_patch_parameters_type_0 import BotPatchParametersType0  # noqa: PLC0415

        name: None | str | Unset
        if isinstance(self.name, Unset):
            name = UNSET
        else:
            name = self.name

        parameters: dict[str, Any] | None | Unset
        if isinstance(self.parameters, Unset):
            parameters = UNSET
        elif isinstance(self.parameters, BotPatchParametersType0):
            parameters = self.parameters.to_dict()
        else:
            parameters = self.parameters

        pairs: list[str] | None | Unset
        if isinstance(self.pairs, Unset):
            pairs = UNSET
        elif isinstance(self.pairs, list):
            pairs = self.pairs

        else:
            pairs = self.pairs

        timeframe: None | str | Unset
        if isinstance(self.timeframe, Unset):
            timeframe = UNSET
        else:
            timeframe = self.timeframe

        stake_amount: float | None | str | Unset
        if isinstance(self.stake_amount, Unset):
            stake_amount = UNSET
        else:
            stake_amount = self.stake_amount

        max_open_trades: int | None | Unset
        if isinstance(self.max_open_trades, Unset):
            max_open_trades = UNSET
        else:
            max_open_trades = self.max_open_trades

        starting_balance: float | None | str | Unset
        if isinstance(self.starting_balance, Unset):
            starting_balance = UNSET
        else:
            starting_balance = self.starting_balance

        wake_on_need: bool | None | Unset
        if isinstance(self.wake_on_need, Unset):
            wake_on_need = UNSET
        else:
            wake_on_need = self.wake_on_need

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if name is not UNSET:
            field_dict["name"] = name
        if parameters is not UNSET:
            field_dict["parameters"] = parameters
        if pairs is not UNSET:
            field_dict["pairs"] = pairs
        if timeframe is not UNSET:
            field_dict["timeframe"] = timeframe
        if stake_amount is not UNSET:
            field_dict["stake_amount"] = stake_amount
        if max_open_trades is not UNSET:
            field_dict["max_open_trades"] = max_open_trades
        if starting_balance is not UNSET:
            field_dict["starting_balance"] = starting_balance
        if wake_on_need is not UNSET:
            field_dict["wake_on_need"] = wake_on_need

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.bot_patch_parameters_type_0 import BotPatchParametersType0  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_name(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        name = _parse_name(d.pop("name", UNSET))

        def _parse_parameters(data: object) -> BotPatchParametersType0 | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                parameters_type_0 = BotPatchParametersType0.from_dict(data)

                return parameters_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(BotPatchParametersType0 | None | Unset, data)

        parameters = _parse_parameters(d.pop("parameters", UNSET))

        def _parse_pairs(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                pairs_type_0 = cast(list[str], data)

                return pairs_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        pairs = _parse_pairs(d.pop("pairs", UNSET))

        def _parse_timeframe(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        timeframe = _parse_timeframe(d.pop("timeframe", UNSET))

        def _parse_stake_amount(data: object) -> float | None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | str | Unset, data)

        stake_amount = _parse_stake_amount(d.pop("stake_amount", UNSET))

        def _parse_max_open_trades(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        max_open_trades = _parse_max_open_trades(d.pop("max_open_trades", UNSET))

        def _parse_starting_balance(data: object) -> float | None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | str | Unset, data)

        starting_balance = _parse_starting_balance(d.pop("starting_balance", UNSET))

        def _parse_wake_on_need(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        wake_on_need = _parse_wake_on_need(d.pop("wake_on_need", UNSET))

        bot_patch = cls(
            name=name,
            parameters=parameters,
            pairs=pairs,
            timeframe=timeframe,
            stake_amount=stake_amount,
            max_open_trades=max_open_trades,
            starting_balance=starting_balance,
            wake_on_need=wake_on_need,
        )

        return bot_patch
