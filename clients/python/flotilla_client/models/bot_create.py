from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.bot_create_parameters_type_0 import BotCreateParametersType0
    from ..models.strategy_choice import StrategyChoice


T = TypeVar("T", bound="BotCreate")


@_attrs_define
class BotCreate:
    """A new bot of a template, or of a strategy of your own. Everything but `name` and one of the two has a default.

    Attributes:
        name (str): Unique among your bots, 1 to 64 printable characters.
        template (None | str | Unset): Name of a template; left out with a strategy.
        strategy (None | StrategyChoice | Unset): In the place of a template: it trades as it says itself, in its own
            time frame if none is given.
        parameters (BotCreateParametersType0 | None | Unset): By the template's schema; those left out keep their
            defaults.
        exchange (None | str | Unset): `paper`, or an id of ccxt.
        trading_mode (None | str | Unset): `spot`, or `futures` (paper exchange only), long and short.
        margin_mode (None | str | Unset): `isolated`, for futures; left out for spot.
        dry_run (bool | None | Unset): False for a bot that trades with the money of an exchange account, for good.
        wallet (None | str | Unset): Where its capital is from: a live bot's that of its exchange account. Left out, a
            dry bot's is your own paper wallet of its stake currency, topped up by what lacks.
        confirm_live (None | str | Unset): Of a live bot: its name once more.
        pairs (list[str] | None | Unset): `BASE/QUOTE`, the quote being the stake currency; `BASE/QUOTE:QUOTE` for
            futures.
        timeframe (None | str | Unset): Length of a candle.
        stake_currency (None | str | Unset): Currency of stakes.
        stake_amount (float | None | str | Unset): Stake of one trade.
        max_open_trades (int | None | Unset): Trades open at once, at most.
        starting_balance (float | None | str | Unset): Its capital, in the stake currency, from its wallet.
        wake_on_need (bool | None | Unset): Whether it looks only when something is due, as if left out; false: every
            few seconds.
    """

    name: str
    template: None | str | Unset = UNSET
    strategy: None | StrategyChoice | Unset = UNSET
    parameters: BotCreateParametersType0 | None | Unset = UNSET
    exchange: None | str | Unset = UNSET
    trading_mode: None | str | Unset = UNSET
    margin_mode: None | str | Unset = UNSET
    dry_run: bool | None | Unset = UNSET
    wallet: None | str | Unset = UNSET
    confirm_live: None | str | Unset = UNSET
    pairs: list[str] | None | Unset = UNSET
    timeframe: None | str | Unset = UNSET
    stake_currency: None | str | Unset = UNSET
    stake_amount: float | None | str | Unset = UNSET
    max_open_trades: int | None | Unset = UNSET
    starting_balance: float | None | str | Unset = UNSET
    wake_on_need: bool | None | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        from ..models.bot_create_parameters_type_0 import BotCreateParametersType0  # noqa: PLC0415
        from ..models.strategy_choice import StrategyChoice  # noqa: PLC0415

        name = self.name

        template: None | str | Unset
        if isinstance(self.template, Unset):
            template = UNSET
        else:
            template = self.template

        strategy: dict[str, Any] | None | Unset
        if isinstance(self.strategy, Unset):
            strategy = UNSET
        elif isinstance(self.strategy, StrategyChoice):
            strategy = self.strategy.to_dict()
        else:
            strategy = self.strategy

        parameters: dict[str, Any] | None | Unset
        if isinstance(self.parameters, Unset):
            parameters = UNSET
        elif isinstance(self.parameters, BotCreateParametersType0):
            parameters = self.parameters.to_dict()
        else:
            parameters = self.parameters

        exchange: None | str | Unset
        if isinstance(self.exchange, Unset):
            exchange = UNSET
        else:
            exchange = self.exchange

        trading_mode: None | str | Unset
        if isinstance(self.trading_mode, Unset):
            trading_mode = UNSET
        else:
            trading_mode = self.trading_mode

        margin_mode: None | str | Unset
        if isinstance(self.margin_mode, Unset):
            margin_mode = UNSET
        else:
            margin_mode = self.margin_mode

        dry_run: bool | None | Unset
        if isinstance(self.dry_run, Unset):
            dry_run = UNSET
        else:
            dry_run = self.dry_run

        wallet: None | str | Unset
        if isinstance(self.wallet, Unset):
            wallet = UNSET
        else:
            wallet = self.wallet

        confirm_live: None | str | Unset
        if isinstance(self.confirm_live, Unset):
            confirm_live = UNSET
        else:
            confirm_live = self.confirm_live

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

        stake_currency: None | str | Unset
        if isinstance(self.stake_currency, Unset):
            stake_currency = UNSET
        else:
            stake_currency = self.stake_currency

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

        field_dict.update(
            {
                "name": name,
            }
        )
        if template is not UNSET:
            field_dict["template"] = template
        if strategy is not UNSET:
            field_dict["strategy"] = strategy
        if parameters is not UNSET:
            field_dict["parameters"] = parameters
        if exchange is not UNSET:
            field_dict["exchange"] = exchange
        if trading_mode is not UNSET:
            field_dict["trading_mode"] = trading_mode
        if margin_mode is not UNSET:
            field_dict["margin_mode"] = margin_mode
        if dry_run is not UNSET:
            field_dict["dry_run"] = dry_run
        if wallet is not UNSET:
            field_dict["wallet"] = wallet
        if confirm_live is not UNSET:
            field_dict["confirm_live"] = confirm_live
        if pairs is not UNSET:
            field_dict["pairs"] = pairs
        if timeframe is not UNSET:
            field_dict["timeframe"] = timeframe
        if stake_currency is not UNSET:
            field_dict["stake_currency"] = stake_currency
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
        from ..models.bot_create_parameters_type_0 import BotCreateParametersType0  # noqa: PLC0415
        from ..models.strategy_choice import StrategyChoice  # noqa: PLC0415

        d = dict(src_dict)
        name = d.pop("name")

        def _parse_template(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        template = _parse_template(d.pop("template", UNSET))

        def _parse_strategy(data: object) -> None | StrategyChoice | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                strategy_type_0 = StrategyChoice.from_dict(data)

                return strategy_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | StrategyChoice | Unset, data)

        strategy = _parse_strategy(d.pop("strategy", UNSET))

        def _parse_parameters(data: object) -> BotCreateParametersType0 | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                parameters_type_0 = BotCreateParametersType0.from_dict(data)

                return parameters_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(BotCreateParametersType0 | None | Unset, data)

        parameters = _parse_parameters(d.pop("parameters", UNSET))

        def _parse_exchange(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        exchange = _parse_exchange(d.pop("exchange", UNSET))

        def _parse_trading_mode(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        trading_mode = _parse_trading_mode(d.pop("trading_mode", UNSET))

        def _parse_margin_mode(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        margin_mode = _parse_margin_mode(d.pop("margin_mode", UNSET))

        def _parse_dry_run(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        dry_run = _parse_dry_run(d.pop("dry_run", UNSET))

        def _parse_wallet(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        wallet = _parse_wallet(d.pop("wallet", UNSET))

        def _parse_confirm_live(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        confirm_live = _parse_confirm_live(d.pop("confirm_live", UNSET))

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

        def _parse_stake_currency(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        stake_currency = _parse_stake_currency(d.pop("stake_currency", UNSET))

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

        bot_create = cls(
            name=name,
            template=template,
            strategy=strategy,
            parameters=parameters,
            exchange=exchange,
            trading_mode=trading_mode,
            margin_mode=margin_mode,
            dry_run=dry_run,
            wallet=wallet,
            confirm_live=confirm_live,
            pairs=pairs,
            timeframe=timeframe,
            stake_currency=stake_currency,
            stake_amount=stake_amount,
            max_open_trades=max_open_trades,
            starting_balance=starting_balance,
            wake_on_need=wake_on_need,
        )

        return bot_create
