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

T = TypeVar("T", bound="RiskSize")


@_attrs_define
class RiskSize:
    """`stake = ratio * equity of the bot / distance to the stop` (both as ratios of the stake).

    Attributes:
        ratio (float | str):
        method (Literal['risk'] | Unset):  Default: 'risk'.
    """

    ratio: float | str
    method: Literal["risk"] | Unset = "risk"

    def to_dict(self) -> dict[str, Any]:
        ratio: float | str
        ratio = self.ratio

        method = self.method

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "ratio": ratio,
            }
        )
        if method is not UNSET:
            field_dict["method"] = method

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_ratio(data: object) -> float | str:
            return cast(float | str, data)

        ratio = _parse_ratio(d.pop("ratio"))

        method = cast(Literal["risk"] | Unset, d.pop("method", UNSET))
        if method != "risk" and not isinstance(method, Unset):
            raise ValueError(f"method must match const 'risk', got '{method}'")

        risk_size = cls(
            ratio=ratio,
            method=method,
        )

        return risk_size
