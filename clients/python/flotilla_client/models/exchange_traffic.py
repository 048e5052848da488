from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.exchange_traffic_breaker import (
    ExchangeTrafficBreaker,
    check_exchange_traffic_breaker,
)

if TYPE_CHECKING:
    from ..models.exchange_figures import ExchangeFigures


T = TypeVar("T", bound="ExchangeTraffic")


@_attrs_define
class ExchangeTraffic:
    """An exchange that bots asked for something.

    Attributes:
        exchange (str): What bots call it: `paper`, or an id of ccxt.
        breaker (ExchangeTrafficBreaker): `closed`: it is asked; `open`: it failed too often and is left alone for a
            moment; `half_open`: it is tried again; `banned`: it refuses this machine's address.
        reason (None | str): Why the breaker is not closed; null where it is.
        retry_at (datetime.datetime | None): When it is asked again; null where it is.
        clock_skew_ms (int | None): Its clock minus this machine's, in milliseconds; null where it never told.
        figures (ExchangeFigures | None): Null for who is no administrator.
    """

    exchange: str
    breaker: ExchangeTrafficBreaker
    reason: None | str
    retry_at: datetime.datetime | None
    clock_skew_ms: int | None
    figures: ExchangeFigures | None

    def to_dict(self) -> dict[str, Any]:
        from ..models.exchange_figures import ExchangeFigures  # noqa: PLC0415

        exchange = self.exchange

        breaker: str = self.breaker

        reason: None | str
        reason = self.reason

        retry_at: None | str
        if isinstance(self.retry_at, datetime.datetime):
            retry_at = self.retry_at.isoformat()
        else:
            retry_at = self.retry_at

        clock_skew_ms: int | None
        clock_skew_ms = self.clock_skew_ms

        figures: dict[str, Any] | None
        if isinstance(self.figures, ExchangeFigures):
            figures = self.figures.to_dict()
        else:
            figures = self.figures

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "exchange": exchange,
                "breaker": breaker,
                "reason": reason,
                "retry_at": retry_at,
                "clock_skew_ms": clock_skew_ms,
                "figures": figures,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.exchange_figures import ExchangeFigures  # noqa: PLC0415

        d = dict(src_dict)
        exchange = d.pop("exchange")

        breaker = check_exchange_traffic_breaker(d.pop("breaker"))

        def _parse_reason(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        reason = _parse_reason(d.pop("reason"))

        def _parse_retry_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                retry_at_type_0 = datetime.datetime.fromisoformat(data)

                return retry_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        retry_at = _parse_retry_at(d.pop("retry_at"))

        def _parse_clock_skew_ms(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        clock_skew_ms = _parse_clock_skew_ms(d.pop("clock_skew_ms"))

        def _parse_figures(data: object) -> ExchangeFigures | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                figures_type_0 = ExchangeFigures.from_dict(data)

                return figures_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(ExchangeFigures | None, data)

        figures = _parse_figures(d.pop("figures"))

        exchange_traffic = cls(
            exchange=exchange,
            breaker=breaker,
            reason=reason,
            retry_at=retry_at,
            clock_skew_ms=clock_skew_ms,
            figures=figures,
        )

        return exchange_traffic
