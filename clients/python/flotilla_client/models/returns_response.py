from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.returns_response_mode import (
    ReturnsResponseMode,
    check_returns_response_mode,
)

T = TypeVar("T", bound="ReturnsResponse")


@_attrs_define
class ReturnsResponse:
    """How well the money of one kind and currency did. Ratios: 0.05 is five per cent; null where there is none.

    Attributes:
        mode (ReturnsResponseMode): Paper, or real money; never added up.
        currency (str): Stake currency.
        since (datetime.datetime | None): The first flow of money.
        invested (str): Put in less taken out.
        value (str): What that is worth now.
        profit (str): value - invested
        money_weighted (None | str): Internal rate of return over the whole time.
        money_weighted_yearly (None | str): The same per year; null within the first year.
        time_weighted (None | str): What one unit that was there all the time brought.
        time_weighted_yearly (None | str): The same per year; null within the first year.
    """

    mode: ReturnsResponseMode
    currency: str
    since: datetime.datetime | None
    invested: str
    value: str
    profit: str
    money_weighted: None | str
    money_weighted_yearly: None | str
    time_weighted: None | str
    time_weighted_yearly: None | str

    def to_dict(self) -> dict[str, Any]:
        mode: str = self.mode

        currency = self.currency

        since: None | str
        if isinstance(self.since, datetime.datetime):
            since = self.since.isoformat()
        else:
            since = self.since

        invested = self.invested

        value = self.value

        profit = self.profit

        money_weighted: None | str
        money_weighted = self.money_weighted

        money_weighted_yearly: None | str
        money_weighted_yearly = self.money_weighted_yearly

        time_weighted: None | str
        time_weighted = self.time_weighted

        time_weighted_yearly: None | str
        time_weighted_yearly = self.time_weighted_yearly

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "mode": mode,
                "currency": currency,
                "since": since,
                "invested": invested,
                "value": value,
                "profit": profit,
                "money_weighted": money_weighted,
                "money_weighted_yearly": money_weighted_yearly,
                "time_weighted": time_weighted,
                "time_weighted_yearly": time_weighted_yearly,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        mode = check_returns_response_mode(d.pop("mode"))

        currency = d.pop("currency")

        def _parse_since(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                since_type_0 = datetime.datetime.fromisoformat(data)

                return since_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        since = _parse_since(d.pop("since"))

        invested = d.pop("invested")

        value = d.pop("value")

        profit = d.pop("profit")

        def _parse_money_weighted(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        money_weighted = _parse_money_weighted(d.pop("money_weighted"))

        def _parse_money_weighted_yearly(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        money_weighted_yearly = _parse_money_weighted_yearly(d.pop("money_weighted_yearly"))

        def _parse_time_weighted(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        time_weighted = _parse_time_weighted(d.pop("time_weighted"))

        def _parse_time_weighted_yearly(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        time_weighted_yearly = _parse_time_weighted_yearly(d.pop("time_weighted_yearly"))

        returns_response = cls(
            mode=mode,
            currency=currency,
            since=since,
            invested=invested,
            value=value,
            profit=profit,
            money_weighted=money_weighted,
            money_weighted_yearly=money_weighted_yearly,
            time_weighted=time_weighted,
            time_weighted_yearly=time_weighted_yearly,
        )

        return returns_response
