from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.trade_response_state import TradeResponseState, check_trade_response_state
from ..models.trade_response_trading import (
    TradeResponseTrading,
    check_trade_response_trading,
)

if TYPE_CHECKING:
    from ..models.trade_levels_response import TradeLevelsResponse


T = TypeVar("T", bound="TradeResponse")


@_attrs_define
class TradeResponse:
    """A trade as its bot told it last. Money is in `currency`; null is what the bot did not tell, or what a trade of
    this state does not have.

        Attributes:
            state (TradeResponseState): Whether it is open.
            bot_id (str): Whose trade.
            bot (str): Name of that bot.
            trading (TradeResponseTrading): `dry` or `live`.
            trade_id (int): FreqTrade's number of the trade.
            pair (str): Pair.
            is_short (bool): True for a short.
            leverage (None | str): 1 on spot.
            currency (None | str): Stake currency.
            amount (None | str): In the base currency: what is held; of a closed trade what its last exit closed.
            stake (None | str): What was put in for that.
            open_rate (None | str): Average rate of its entries.
            opened_at (datetime.datetime): When it was opened.
            current_rate (None | str): What an exit would get now; null of a closed trade.
            profit (None | str): After fees: not realised yet, of what is held; of a closed trade all of it.
            profit_ratio (None | str): The same, of the stake.
            realised (None | str): Realised by its exits so far; of a closed trade all of it.
            close_rate (None | str): Rate of its last exit; null of an open trade.
            closed_at (datetime.datetime | None): When it was closed; null of an open trade.
            exit_reason (None | str): FreqTrade's reason of its last exit; `flotilla:<rule>` of a universal rule.
            entry_tag (None | str): The strategy's tag of its entry.
            has_open_orders (bool | None): Whether an order of it rests; null of a closed trade.
            reported_at (datetime.datetime | None): When this was told: compare it with now to see how old an open trade's
                figures are.
            levels (None | TradeLevelsResponse): Of an open trade: its stops, ladder and other levels; null before anything
                was filled, and where the policy cannot be read.
    """

    state: TradeResponseState
    bot_id: str
    bot: str
    trading: TradeResponseTrading
    trade_id: int
    pair: str
    is_short: bool
    leverage: None | str
    currency: None | str
    amount: None | str
    stake: None | str
    open_rate: None | str
    opened_at: datetime.datetime
    current_rate: None | str
    profit: None | str
    profit_ratio: None | str
    realised: None | str
    close_rate: None | str
    closed_at: datetime.datetime | None
    exit_reason: None | str
    entry_tag: None | str
    has_open_orders: bool | None
    reported_at: datetime.datetime | None
    levels: None | TradeLevelsResponse

    def to_dict(self) -> dict[str, Any]:
        from ..models.trade_levels_response import TradeLevelsResponse  # noqa: PLC0415

        state: str = self.state

        bot_id = self.bot_id

        bot = self.bot

        trading: str = self.trading

        trade_id = self.trade_id

        pair = self.pair

        is_short = self.is_short

        leverage: None | str
        leverage = self.leverage

        currency: None | str
        currency = self.currency

        amount: None | str
        amount = self.amount

        stake: None | str
        stake = self.stake

        open_rate: None | str
        open_rate = self.open_rate

        opened_at = self.opened_at.isoformat()

        current_rate: None | str
        current_rate = self.current_rate

        profit: None | str
        profit = self.profit

        profit_ratio: None | str
        profit_ratio = self.profit_ratio

        realised: None | str
        realised = self.realised

        close_rate: None | str
        close_rate = self.close_rate

        closed_at: None | str
        if isinstance(self.closed_at, datetime.datetime):
            closed_at = self.closed_at.isoformat()
        else:
            closed_at = self.closed_at

        exit_reason: None | str
        exit_reason = self.exit_reason

        entry_tag: None | str
        entry_tag = self.entry_tag

        has_open_orders: bool | None
        has_open_orders = self.has_open_orders

        reported_at: None | str
        if isinstance(self.reported_at, datetime.datetime):
            reported_at = self.reported_at.isoformat()
        else:
            reported_at = self.reported_at

        levels: dict[str, Any] | None
        if isinstance(self.levels, TradeLevelsResponse):
            levels = self.levels.to_dict()
        else:
            levels = self.levels

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "state": state,
                "bot_id": bot_id,
                "bot": bot,
                "trading": trading,
                "trade_id": trade_id,
                "pair": pair,
                "is_short": is_short,
                "leverage": leverage,
                "currency": currency,
                "amount": amount,
                "stake": stake,
                "open_rate": open_rate,
                "opened_at": opened_at,
                "current_rate": current_rate,
                "profit": profit,
                "profit_ratio": profit_ratio,
                "realised": realised,
                "close_rate": close_rate,
                "closed_at": closed_at,
                "exit_reason": exit_reason,
                "entry_tag": entry_tag,
                "has_open_orders": has_open_orders,
                "reported_at": reported_at,
                "levels": levels,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.trade_levels_response import TradeLevelsResponse  # noqa: PLC0415

        d = dict(src_dict)
        state = check_trade_response_state(d.pop("state"))

        bot_id = d.pop("bot_id")

        bot = d.pop("bot")

        trading = check_trade_response_trading(d.pop("trading"))

        trade_id = d.pop("trade_id")

        pair = d.pop("pair")

        is_short = d.pop("is_short")

        def _parse_leverage(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        leverage = _parse_leverage(d.pop("leverage"))

        def _parse_currency(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        currency = _parse_currency(d.pop("currency"))

        def _parse_amount(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        amount = _parse_amount(d.pop("amount"))

        def _parse_stake(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        stake = _parse_stake(d.pop("stake"))

        def _parse_open_rate(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        open_rate = _parse_open_rate(d.pop("open_rate"))

        opened_at = datetime.datetime.fromisoformat(d.pop("opened_at"))

        def _parse_current_rate(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        current_rate = _parse_current_rate(d.pop("current_rate"))

        def _parse_profit(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        profit = _parse_profit(d.pop("profit"))

        def _parse_profit_ratio(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        profit_ratio = _parse_profit_ratio(d.pop("profit_ratio"))

        def _parse_realised(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        realised = _parse_realised(d.pop("realised"))

        def _parse_close_rate(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        close_rate = _parse_close_rate(d.pop("close_rate"))

        def _parse_closed_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                closed_at_type_0 = datetime.datetime.fromisoformat(data)

                return closed_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        closed_at = _parse_closed_at(d.pop("closed_at"))

        def _parse_exit_reason(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        exit_reason = _parse_exit_reason(d.pop("exit_reason"))

        def _parse_entry_tag(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        entry_tag = _parse_entry_tag(d.pop("entry_tag"))

        def _parse_has_open_orders(data: object) -> bool | None:
            if data is None:
                return data
            return cast(bool | None, data)

        has_open_orders = _parse_has_open_orders(d.pop("has_open_orders"))

        def _parse_reported_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                reported_at_type_0 = datetime.datetime.fromisoformat(data)

                return reported_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        reported_at = _parse_reported_at(d.pop("reported_at"))

        def _parse_levels(data: object) -> None | TradeLevelsResponse:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                levels_type_0 = TradeLevelsResponse.from_dict(data)

                return levels_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | TradeLevelsResponse, data)

        levels = _parse_levels(d.pop("levels"))

        trade_response = cls(
            state=state,
            bot_id=bot_id,
            bot=bot,
            trading=trading,
            trade_id=trade_id,
            pair=pair,
            is_short=is_short,
            leverage=leverage,
            currency=currency,
            amount=amount,
            stake=stake,
            open_rate=open_rate,
            opened_at=opened_at,
            current_rate=current_rate,
            profit=profit,
            profit_ratio=profit_ratio,
            realised=realised,
            close_rate=close_rate,
            closed_at=closed_at,
            exit_reason=exit_reason,
            entry_tag=entry_tag,
            has_open_orders=has_open_orders,
            reported_at=reported_at,
            levels=levels,
        )

        return trade_response
