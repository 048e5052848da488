from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="CandleResponse")


@_attrs_define
class CandleResponse:
    """A candle as the exchange tells it; of funding, `funding_rate` alone.

    Attributes:
        opens_at (datetime.datetime): When it opens.
        closed (bool): False for the current one, which still changes.
        open_ (None | str | Unset): First price.
        high (None | str | Unset): Highest price.
        low (None | str | Unset): Lowest price.
        close (None | str | Unset): Last price.
        volume (None | str | Unset): What was traded, of the base.
        funding_rate (None | str | Unset): Of perpetuals: what was paid then.
    """

    opens_at: datetime.datetime
    closed: bool
    open_: None | str | Unset = UNSET
    high: None | str | Unset = UNSET
    low: None | str | Unset = UNSET
    close: None | str | Unset = UNSET
    volume: None | str | Unset = UNSET
    funding_rate: None | str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        opens_at = self.opens_at.isoformat()

        closed = self.closed

        open_: None | str | Unset
        if isinstance(self.open_, Unset):
            open_ = UNSET
        else:
            open_ = self.open_

        high: None | str | Unset
        if isinstance(self.high, Unset):
            high = UNSET
        else:
            high = self.high

        low: None | str | Unset
        if isinstance(self.low, Unset):
            low = UNSET
        else:
            low = self.low

        close: None | str | Unset
        if isinstance(self.close, Unset):
            close = UNSET
        else:
            close = self.close

        volume: None | str | Unset
        if isinstance(self.volume, Unset):
            volume = UNSET
        else:
            volume = self.volume

        funding_rate: None | str | Unset
        if isinstance(self.funding_rate, Unset):
            funding_rate = UNSET
        else:
            funding_rate = self.funding_rate

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "opens_at": opens_at,
                "closed": closed,
            }
        )
        if open_ is not UNSET:
            field_dict["open"] = open_
        if high is not UNSET:
            field_dict["high"] = high
        if low is not UNSET:
            field_dict["low"] = low
        if close is not UNSET:
            field_dict["close"] = close
        if volume is not UNSET:
            field_dict["volume"] = volume
        if funding_rate is not UNSET:
            field_dict["funding_rate"] = funding_rate

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        opens_at = datetime.datetime.fromisoformat(d.pop("opens_at"))

        closed = d.pop("closed")

        def _parse_open_(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        open_ = _parse_open_(d.pop("open", UNSET))

        def _parse_high(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        high = _parse_high(d.pop("high", UNSET))

        def _parse_low(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        low = _parse_low(d.pop("low", UNSET))

        def _parse_close(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        close = _parse_close(d.pop("close", UNSET))

        def _parse_volume(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        volume = _parse_volume(d.pop("volume", UNSET))

        def _parse_funding_rate(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        funding_rate = _parse_funding_rate(d.pop("funding_rate", UNSET))

        candle_response = cls(
            opens_at=opens_at,
            closed=closed,
            open_=open_,
            high=high,
            low=low,
            close=close,
            volume=volume,
            funding_rate=funding_rate,
        )

        return candle_response
