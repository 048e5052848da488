from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="HistoryPoint")


@_attrs_define
class HistoryPoint:
    """One bucket, named by its start; figures are of its end.

    Attributes:
        at (datetime.datetime):
        equity (str):
        low (str): Lowest equity within the bucket.
        high (str): Highest equity within the bucket.
        starting_capital (str):
        profit (str): equity - starting_capital
        realised (str):
        unrealised (str):
        bots (int):
        stale_bots (int):
        stale (bool): No bot reported throughout: the figures are last known ones.
    """

    at: datetime.datetime
    equity: str
    low: str
    high: str
    starting_capital: str
    profit: str
    realised: str
    unrealised: str
    bots: int
    stale_bots: int
    stale: bool

    def to_dict(self) -> dict[str, Any]:
        at = self.at.isoformat()

        equity = self.equity

        low = self.low

        high = self.high

        starting_capital = self.starting_capital

        profit = self.profit

        realised = self.realised

        unrealised = self.unrealised

        bots = self.bots

        stale_bots = self.stale_bots

        stale = self.stale

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
                "bots": bots,
                "stale_bots": stale_bots,
                "stale": stale,
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

        bots = d.pop("bots")

        stale_bots = d.pop("stale_bots")

        stale = d.pop("stale")

        history_point = cls(
            at=at,
            equity=equity,
            low=low,
            high=high,
            starting_capital=starting_capital,
            profit=profit,
            realised=realised,
            unrealised=unrealised,
            bots=bots,
            stale_bots=stale_bots,
            stale=stale,
        )

        return history_point
