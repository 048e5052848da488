from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="TemplateDefaultsResponse")


@_attrs_define
class TemplateDefaultsResponse:
    """What a bot gets that its request leaves out.

    Attributes:
        exchange (str): `paper`, or an exchange id of ccxt.
        pairs (list[str]): Pairs that are traded.
        timeframe (str): Length of a candle.
        stake_currency (str): Currency that trades are paid in.
        stake_amount (str): Stake of a trade, in the stake currency.
        max_open_trades (int): Trades open at once, at most.
        starting_balance (str): Dry-run wallet, in the stake currency.
    """

    exchange: str
    pairs: list[str]
    timeframe: str
    stake_currency: str
    stake_amount: str
    max_open_trades: int
    starting_balance: str

    def to_dict(self) -> dict[str, Any]:
        exchange = self.exchange

        pairs = self.pairs

        timeframe = self.timeframe

        stake_currency = self.stake_currency

        stake_amount = self.stake_amount

        max_open_trades = self.max_open_trades

        starting_balance = self.starting_balance

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "exchange": exchange,
                "pairs": pairs,
                "timeframe": timeframe,
                "stake_currency": stake_currency,
                "stake_amount": stake_amount,
                "max_open_trades": max_open_trades,
                "starting_balance": starting_balance,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        exchange = d.pop("exchange")

        pairs = cast(list[str], d.pop("pairs"))

        timeframe = d.pop("timeframe")

        stake_currency = d.pop("stake_currency")

        stake_amount = d.pop("stake_amount")

        max_open_trades = d.pop("max_open_trades")

        starting_balance = d.pop("starting_balance")

        template_defaults_response = cls(
            exchange=exchange,
            pairs=pairs,
            timeframe=timeframe,
            stake_currency=stake_currency,
            stake_amount=stake_amount,
            max_open_trades=max_open_trades,
            starting_balance=starting_balance,
        )

        return template_defaults_response
