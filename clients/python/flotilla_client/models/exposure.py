from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="Exposure")


@_attrs_define
class Exposure:
    """Market value held of one asset.

    Attributes:
        asset (str):
        value (str):
        ratio (str): Of equity.
    """

    asset: str
    value: str
    ratio: str

    def to_dict(self) -> dict[str, Any]:
        asset = self.asset

        value = self.value

        ratio = self.ratio

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "asset": asset,
                "value": value,
                "ratio": ratio,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        asset = d.pop("asset")

        value = d.pop("value")

        ratio = d.pop("ratio")

        exposure = cls(
            asset=asset,
            value=value,
            ratio=ratio,
        )

        return exposure
