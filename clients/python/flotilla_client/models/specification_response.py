from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.specification_response_trading import (
    SpecificationResponseTrading,
    check_specification_response_trading,
)

if TYPE_CHECKING:
    from ..models.bot_strategy_response import BotStrategyResponse
    from ..models.specification_response_parameters import SpecificationResponseParameters


T = TypeVar("T", bound="SpecificationResponse")


@_attrs_define
class SpecificationResponse:
    """A bot as it will run, with nothing left out.

    Attributes:
        name (str): Unique among its owner's bots.
        template (str): What it is made of; `own` with a strategy of one's own.
        strategy (BotStrategyResponse | None): The strategy of one's own that it runs; null where it runs the
            template's.
        parameters (SpecificationResponseParameters): All parameters of the template.
        exchange (str): `paper`, or an id of ccxt.
        trading_mode (str): `spot` or `futures`.
        margin_mode (None | str): `isolated` for futures; null for spot.
        dry_run (bool): True where no real money is at stake.
        trading (SpecificationResponseTrading): `dry_run`, `paper_live` (orders on the paper exchange) or `live` (real
            money).
        pairs (list[str]): Pairs that it trades.
        timeframe (str): Length of a candle.
        stake_currency (str): Currency of stakes.
        stake_amount (str): Stake of one trade.
        max_open_trades (int): Trades open at once, at most.
        starting_balance (str): Its capital.
        wake_on_need (bool): Whether it looks only when something is due.
    """

    name: str
    template: str
    strategy: BotStrategyResponse | None
    parameters: SpecificationResponseParameters
    exchange: str
    trading_mode: str
    margin_mode: None | str
    dry_run: bool
    trading: SpecificationResponseTrading
    pairs: list[str]
    timeframe: str
    stake_currency: str
    stake_amount: str
    max_open_trades: int
    starting_balance: str
    wake_on_need: bool

    def to_dict(self) -> dict[str, Any]:
        from ..models.bot_strategy_response import BotStrategyResponse  # noqa: PLC0415

        name = self.name

        template = self.template

        strategy: dict[str, Any] | None
        if isinstance(self.strategy, BotStrategyResponse):
            strategy = self.strategy.to_dict()
        else:
            strategy = self.strategy

        parameters = self.parameters.to_dict()

        exchange = self.exchange

        trading_mode = self.trading_mode

        margin_mode: None | str
        margin_mode = self.margin_mode

        dry_run = self.dry_run

        trading: str = self.trading

        pairs = self.pairs

        timeframe = self.timeframe

        stake_currency = self.stake_currency

        stake_amount = self.stake_amount

        max_open_trades = self.max_open_trades

        starting_balance = self.starting_balance

        wake_on_need = self.wake_on_need

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "name": name,
                "template": template,
                "strategy": strategy,
                "parameters": parameters,
                "exchange": exchange,
                "trading_mode": trading_mode,
                "margin_mode": margin_mode,
                "dry_run": dry_run,
                "trading": trading,
                "pairs": pairs,
                "timeframe": timeframe,
                "stake_currency": stake_currency,
                "stake_amount": stake_amount,
                "max_open_trades": max_open_trades,
                "starting_balance": starting_balance,
                "wake_on_need": wake_on_need,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.bot_strategy_response import BotStrategyResponse  # noqa: PLC0415
        from ..models.specification_response_parameters import (
            SpecificationResponseParameters,  # noqa: PLC0415
        )

        d = dict(src_dict)
        name = d.pop("name")

        template = d.pop("template")

        def _parse_strategy(data: object) -> BotStrategyResponse | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                strategy_type_0 = BotStrategyResponse.from_dict(data)

                return strategy_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(BotStrategyResponse | None, data)

        strategy = _parse_strategy(d.pop("strategy"))

        parameters = SpecificationResponseParameters.from_dict(d.pop("parameters"))

        exchange = d.pop("exchange")

        trading_mode = d.pop("trading_mode")

        def _parse_margin_mode(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        margin_mode = _parse_margin_mode(d.pop("margin_mode"))

        dry_run = d.pop("dry_run")

        trading = check_specification_response_trading(d.pop("trading"))

        pairs = cast(list[str], d.pop("pairs"))

        timeframe = d.pop("timeframe")

        stake_currency = d.pop("stake_currency")

        stake_amount = d.pop("stake_amount")

        max_open_trades = d.pop("max_open_trades")

        starting_balance = d.pop("starting_balance")

        wake_on_need = d.pop("wake_on_need")

        specification_response = cls(
            name=name,
            template=template,
            strategy=strategy,
            parameters=parameters,
            exchange=exchange,
            trading_mode=trading_mode,
            margin_mode=margin_mode,
            dry_run=dry_run,
            trading=trading,
            pairs=pairs,
            timeframe=timeframe,
            stake_currency=stake_currency,
            stake_amount=stake_amount,
            max_open_trades=max_open_trades,
            starting_balance=starting_balance,
            wake_on_need=wake_on_need,
        )

        return specification_response
