from __future__ import annotations

from collections.abc import Mapping
from typing import (
    Any,
    Literal,
    TypeVar,
    cast,
)

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="KellySize")


@_attrs_define
class KellySize:
    """`stake = min(cap, fraction * max(0, p - (1 - p) / b)) * equity of the bot`, with the share `p` of winners and
    the ratio `b` of their mean to the losers' mean, over the last `trades` closed trades (Kelly, 1956). With fewer
    than `least_trades` closed: `cap / 4`.

        Attributes:
            method (Literal['kelly'] | Unset):  Default: 'kelly'.
            fraction (float | str | Unset):  Default: 0.25.
            cap (float | str | Unset):  Default: 0.1.
            trades (int | Unset):  Default: 100.
            least_trades (int | Unset):  Default: 20.
    """

    method: Literal["kelly"] | Unset = "kelly"
    fraction: float | str | Unset = 0.25
    cap: float | str | Unset = 0.1
    trades: int | Unset = 100
    least_trades: int | Unset = 20

    def to_dict(self) -> dict[str, Any]:
        method = self.method

        fraction: float | str | Unset
        if isinstance(self.fraction, Unset):
            fraction = UNSET
        else:
            fraction = self.fraction

        cap: float | str | Unset
        if isinstance(self.cap, Unset):
            cap = UNSET
        else:
            cap = self.cap

        trades = self.trades

        least_trades = self.least_trades

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if method is not UNSET:
            field_dict["method"] = method
        if fraction is not UNSET:
            field_dict["fraction"] = fraction
        if cap is not UNSET:
            field_dict["cap"] = cap
        if trades is not UNSET:
            field_dict["trades"] = trades
        if least_trades is not UNSET:
            field_dict["least_trades"] = least_trades

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        method = cast(Literal["kelly"] | Unset, d.pop("method", UNSET))
        if method != "kelly" and not isinstance(method, Unset):
            raise ValueError(f"method must match const 'kelly', got '{method}'")

        def _parse_fraction(data: object) -> float | str | Unset:
            if isinstance(data, Unset):
                return data
            return cast(float | str | Unset, data)

        fraction = _parse_fraction(d.pop("fraction", UNSET))

        def _parse_cap(data: object) -> float | str | Unset:
            if isinstance(data, Unset):
                return data
            return cast(float | str | Unset, data)

        cap = _parse_cap(d.pop("cap", UNSET))

        trades = d.pop("trades", UNSET)

        least_trades = d.pop("least_trades", UNSET)

        kelly_size = cls(
            method=method,
            fraction=fraction,
            cap=cap,
            trades=trades,
            least_trades=least_trades,
        )

        return kelly_size
