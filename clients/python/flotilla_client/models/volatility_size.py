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

T = TypeVar("T", bound="VolatilitySize")


@_attrs_define
class VolatilitySize:
    """`stake = ratio * equity of the bot * rate / (ATR * leverage)`: a move of one ATR changes equity by `ratio`.

    Attributes:
        ratio (float | str):
        method (Literal['volatility'] | Unset):  Default: 'volatility'.
        atr_period (int | Unset):  Default: 14.
    """

    ratio: float | str
    method: Literal["volatility"] | Unset = "volatility"
    atr_period: int | Unset = 14

    def to_dict(self) -> dict[str, Any]:
        ratio: float | str
        ratio = self.ratio

        method = self.method

        atr_period = self.atr_period

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "ratio": ratio,
            }
        )
        if method is not UNSET:
            field_dict["method"] = method
        if atr_period is not UNSET:
            field_dict["atr_period"] = atr_period

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_ratio(data: object) -> float | str:
            return cast(float | str, data)

        ratio = _parse_ratio(d.pop("ratio"))

        method = cast(Literal["volatility"] | Unset, d.pop("method", UNSET))
        if method != "volatility" and not isinstance(method, Unset):
            raise ValueError(f"method must match const 'volatility', got '{method}'")

        atr_period = d.pop("atr_period", UNSET)

        volatility_size = cls(
            ratio=ratio,
            method=method,
            atr_period=atr_period,
        )

        return volatility_size
