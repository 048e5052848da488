from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.followed_prices_market import (
    FollowedPricesMarket,
    check_followed_prices_market,
)
from ..models.followed_prices_way import FollowedPricesWay, check_followed_prices_way

T = TypeVar("T", bound="FollowedPrices")


@_attrs_define
class FollowedPrices:
    """Prices of one exchange and kind of market that open trades wait for, as the gateway follows them.

    Attributes:
        exchange (str): As bots name it.
        market (FollowedPricesMarket): Spot, or futures that settle in their quote.
        way (FollowedPricesWay): How they come now.
        symbols (int): Markets that are waited for.
        told (int): Those of them with a price.
        age_ms (int | None): Since the exchange was asked for them; null before it answered.
        problem (None | str): Why they are not seen, in a sentence.
    """

    exchange: str
    market: FollowedPricesMarket
    way: FollowedPricesWay
    symbols: int
    told: int
    age_ms: int | None
    problem: None | str

    def to_dict(self) -> dict[str, Any]:
        exchange = self.exchange

        market: str = self.market

        way: str = self.way

        symbols = self.symbols

        told = self.told

        age_ms: int | None
        age_ms = self.age_ms

        problem: None | str
        problem = self.problem

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "exchange": exchange,
                "market": market,
                "way": way,
                "symbols": symbols,
                "told": told,
                "age_ms": age_ms,
                "problem": problem,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        exchange = d.pop("exchange")

        market = check_followed_prices_market(d.pop("market"))

        way = check_followed_prices_way(d.pop("way"))

        symbols = d.pop("symbols")

        told = d.pop("told")

        def _parse_age_ms(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        age_ms = _parse_age_ms(d.pop("age_ms"))

        def _parse_problem(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        problem = _parse_problem(d.pop("problem"))

        followed_prices = cls(
            exchange=exchange,
            market=market,
            way=way,
            symbols=symbols,
            told=told,
            age_ms=age_ms,
            problem=problem,
        )

        return followed_prices
