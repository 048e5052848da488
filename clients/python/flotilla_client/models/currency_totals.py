from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="CurrencyTotals")


@_attrs_define
class CurrencyTotals:
    """Totals of the bots that trade in one stake currency, unconverted.

    Attributes:
        equity (str): free + in_trades
        free (str): Uninvested capital.
        in_trades (str): Worth of open positions at current rates.
        realised (str): Closed profit over all time.
        unrealised (str): Profit of open trades at current rates, after fees.
        realised_today (str): Closed profit since midnight UTC.
        starting_capital (str):
        profit_ratio (str):
        open_trades (int): How many trades are open.
        currency (str):
        bots (int):
    """

    equity: str
    free: str
    in_trades: str
    realised: str
    unrealised: str
    realised_today: str
    starting_capital: str
    profit_ratio: str
    open_trades: int
    currency: str
    bots: int

    def to_dict(self) -> dict[str, Any]:
        equity = self.equity

        free = self.free

        in_trades = self.in_trades

        realised = self.realised

        unrealised = self.unrealised

        realised_today = self.realised_today

        starting_capital = self.starting_capital

        profit_ratio = self.profit_ratio

        open_trades = self.open_trades

        currency = self.currency

        bots = self.bots

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "equity": equity,
                "free": free,
                "in_trades": in_trades,
                "realised": realised,
                "unrealised": unrealised,
                "realised_today": realised_today,
                "starting_capital": starting_capital,
                "profit_ratio": profit_ratio,
                "open_trades": open_trades,
                "currency": currency,
                "bots": bots,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        equity = d.pop("equity")

        free = d.pop("free")

        in_trades = d.pop("in_trades")

        realised = d.pop("realised")

        unrealised = d.pop("unrealised")

        realised_today = d.pop("realised_today")

        starting_capital = d.pop("starting_capital")

        profit_ratio = d.pop("profit_ratio")

        open_trades = d.pop("open_trades")

        currency = d.pop("currency")

        bots = d.pop("bots")

        currency_totals = cls(
            equity=equity,
            free=free,
            in_trades=in_trades,
            realised=realised,
            unrealised=unrealised,
            realised_today=realised_today,
            starting_capital=starting_capital,
            profit_ratio=profit_ratio,
            open_trades=open_trades,
            currency=currency,
            bots=bots,
        )

        return currency_totals
