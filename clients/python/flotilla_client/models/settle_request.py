from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..models.settle_request_how import SettleRequestHow, check_settle_request_how

T = TypeVar("T", bound="SettleRequest")


@_attrs_define
class SettleRequest:
    """How a finding is settled.

    Attributes:
        how (SettleRequestHow): `adopt` books what the account says into the ledger; `acknowledge` leaves the ledger as
            it is and blocks nothing any more, until the difference is another one.
        why (str): Why; kept with it.
    """

    how: SettleRequestHow
    why: str

    def to_dict(self) -> dict[str, Any]:
        how: str = self.how

        why = self.why

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "how": how,
                "why": why,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        how = check_settle_request_how(d.pop("how"))

        why = d.pop("why")

        settle_request = cls(
            how=how,
            why=why,
        )

        return settle_request
