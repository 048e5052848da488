from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="BotHistoryPoint")


@_attrs_define
class BotHistoryPoint:
    """One bucket, named by its start; figures are of its end, in the bot's stake currency.

    Attributes:
        at (datetime.datetime):
        equity (str):
        low (str): Lowest equity within the bucket.
        high (str): Highest equity within the bucket.
        starting_capital (str):
        profit (str): equity - starting_capital
        realised (str):
        unrealised (str):
        exposure (str): Worth of the open positions.
        open_trades (int):
        closed_trades (int):
    """

    at: datetime.datetime
    equity: str
    low: str
    high: str
    starting_capital: str
    profit: str
    realised: str
    unrealised: str
    exposure: str
    open_trades: int
    closed_trades: int

    def to_dict(self) -> dict[str, Any]:
        at = self.at.isoformat()

        equity = self.equity

        low = self.low

        high = self.high

        starting_capital = self.starting_capital

        profit = self.profit

        realised = self.realised

        unrealised = self.unrealised

        exposure = self.exposure

        open_trades = self.open_trades

        closed_trades = self.closed_trades

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "at": at,
                "equity": equity,
                "low": low,
                "high": high,
                "starting_capital": starting_capital,
                "profit": profit,
                "realised": realised,
                "unrealised": unrealised,
                "exposure": exposure,
                "open_trades": open_trades,
                "closed_trades": closed_trades,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        at = datetime.datetime.fromisoformat(d.pop("at"))

        equity = d.pop("equity")

        low = d.pop("low")

        high = d.pop("high")

        starting_capital = d.pop("starting_capital")

        profit = d.pop("profit")

        realised = d.pop("realised")

        unrealised = d.pop("unrealised")

        exposure = d.pop("exposure")

        open_trades = d.pop("open_trades")

        closed_trades = d.pop("closed_trades")

        bot_history_point = cls(
            at=at,
            equity=equity,
            low=low,
            high=high,
            starting_capital=starting_capital,
            profit=profit,
            realised=realised,
            unrealised=unrealised,
            exposure=exposure,
            open_trades=open_trades,
            closed_trades=closed_trades,
        )

        return bot_history_point
