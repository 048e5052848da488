from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..models.stop_request_open_trades import (
    StopRequestOpenTrades,
    check_stop_request_open_trades,
)
from ..types import UNSET, Unset

T = TypeVar("T", bound="StopRequest")


@_attrs_define
class StopRequest:
    """How to stop.

    Attributes:
        open_trades (StopRequestOpenTrades | Unset): `keep` leaves open trades as they are, `flatten` closes them first.
            Default: 'keep'.
    """

    open_trades: StopRequestOpenTrades | Unset = "keep"

    def to_dict(self) -> dict[str, Any]:
        open_trades: str | Unset = UNSET
        if not isinstance(self.open_trades, Unset):
            open_trades = self.open_trades

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if open_trades is not UNSET:
            field_dict["open_trades"] = open_trades

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        _open_trades = d.pop("open_trades", UNSET)
        open_trades: StopRequestOpenTrades | Unset
        if isinstance(_open_trades, Unset):
            open_trades = UNSET
        else:
            open_trades = check_stop_request_open_trades(_open_trades)

        stop_request = cls(
            open_trades=open_trades,
        )

        return stop_request
