from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="TimeExit")


@_attrs_define
class TimeExit:
    """Closes a trade so long after its opening; with `only_below_profit` those alone that have less.

    Attributes:
        after_minutes (int):
        only_below_profit (float | None | str | Unset):
    """

    after_minutes: int
    only_below_profit: float | None | str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        after_minutes = self.after_minutes

        only_below_profit: float | None | str | Unset
        if isinstance(self.only_below_profit, Unset):
            only_below_profit = UNSET
        else:
            only_below_profit = self.only_below_profit

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "after_minutes": after_minutes,
            }
        )
        if only_below_profit is not UNSET:
            field_dict["only_below_profit"] = only_below_profit

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        after_minutes = d.pop("after_minutes")

        def _parse_only_below_profit(data: object) -> float | None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | str | Unset, data)

        only_below_profit = _parse_only_below_profit(d.pop("only_below_profit", UNSET))

        time_exit = cls(
            after_minutes=after_minutes,
            only_below_profit=only_below_profit,
        )

        return time_exit
