from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="ProfileChange")


@_attrs_define
class ProfileChange:
    """What is left out stays.

    Attributes:
        reporting_currency (None | str | Unset): Currency that the portfolio is told in.
    """

    reporting_currency: None | str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        reporting_currency: None | str | Unset
        if isinstance(self.reporting_currency, Unset):
            reporting_currency = UNSET
        else:
            reporting_currency = self.reporting_currency

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if reporting_currency is not UNSET:
            field_dict["reporting_currency"] = reporting_currency

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_reporting_currency(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        reporting_currency = _parse_reporting_currency(d.pop("reporting_currency", UNSET))

        profile_change = cls(
            reporting_currency=reporting_currency,
        )

        return profile_change
