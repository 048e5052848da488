from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="ClosedTradeResponse")


@_attrs_define
class ClosedTradeResponse:
    """One trade, as its bot told it last, and what became of it.

    Attributes:
        bot_id (str): Identity of the bot.
        bot (str): Its name.
        trading (str): `dry` or `live`.
        trade_id (int): Number of the trade in the bot.
        pair (str): Pair.
        is_short (bool): Direction.
        profit (str): After fees, in `currency`.
        profit_ratio (str): Of the stake.
        currency (str): Stake currency.
        ok (bool | None): Whether its exit was placed; null where it was not tried.
        message (str): What the bot said.
    """

    bot_id: str
    bot: str
    trading: str
    trade_id: int
    pair: str
    is_short: bool
    profit: str
    profit_ratio: str
    currency: str
    ok: bool | None
    message: str

    def to_dict(self) -> dict[str, Any]:
        bot_id = self.bot_id

        bot = self.bot

        trading = self.trading

        trade_id = self.trade_id

        pair = self.pair

        is_short = self.is_short

        profit = self.profit

        profit_ratio = self.profit_ratio

        currency = self.currency

        ok: bool | None
        ok = self.ok

        message = self.message

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "bot_id": bot_id,
                "bot": bot,
                "trading": trading,
                "trade_id": trade_id,
                "pair": pair,
                "is_short": is_short,
                "profit": profit,
                "profit_ratio": profit_ratio,
                "currency": currency,
                "ok": ok,
                "message": message,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        bot_id = d.pop("bot_id")

        bot = d.pop("bot")

        trading = d.pop("trading")

        trade_id = d.pop("trade_id")

        pair = d.pop("pair")

        is_short = d.pop("is_short")

        profit = d.pop("profit")

        profit_ratio = d.pop("profit_ratio")

        currency = d.pop("currency")

        def _parse_ok(data: object) -> bool | None:
            if data is None:
                return data
            return cast(bool | None, data)

        ok = _parse_ok(d.pop("ok"))

        message = d.pop("message")

        closed_trade_response = cls(
            bot_id=bot_id,
            bot=bot,
            trading=trading,
            trade_id=trade_id,
            pair=pair,
            is_short=is_short,
            profit=profit,
            profit_ratio=profit_ratio,
            currency=currency,
            ok=ok,
            message=message,
        )

        return closed_trade_response
