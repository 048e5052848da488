from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="FactsResponse")


@_attrs_define
class FactsResponse:
    """What FreqTrade read from the strategy.

    Attributes:
        timeframe (None | str): Length of its candles.
        can_short (bool): Goes short, which takes futures.
        stoploss (float): Loss at which a trade is closed, as a ratio.
        interface_version (int): FreqTrade's strategy interface.
        startup_candle_count (int): Candles that it needs before the first signal.
    """

    timeframe: None | str
    can_short: bool
    stoploss: float
    interface_version: int
    startup_candle_count: int

    def to_dict(self) -> dict[str, Any]:
        timeframe: None | str
        timeframe = self.timeframe

        can_short = self.can_short

        stoploss = self.stoploss

        interface_version = self.interface_version

        startup_candle_count = self.startup_candle_count

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "timeframe": timeframe,
                "can_short": can_short,
                "stoploss": stoploss,
                "interface_version": interface_version,
                "startup_candle_count": startup_candle_count,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_timeframe(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        timeframe = _parse_timeframe(d.pop("timeframe"))

        can_short = d.pop("can_short")

        stoploss = d.pop("stoploss")

        interface_version = d.pop("interface_version")

        startup_candle_count = d.pop("startup_candle_count")

        facts_response = cls(
            timeframe=timeframe,
            can_short=can_short,
            stoploss=stoploss,
            interface_version=interface_version,
            startup_candle_count=startup_candle_count,
        )

        return facts_response
