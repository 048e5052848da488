from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.flaw_response import FlawResponse


T = TypeVar("T", bound="WalletsCheckResponse")


@_attrs_define
class WalletsCheckResponse:
    """Whether the ledger is whole.

    Attributes:
        whole (bool): True where nothing is wrong.
        flaws (list[FlawResponse]): What is wrong.
    """

    whole: bool
    flaws: list[FlawResponse]

    def to_dict(self) -> dict[str, Any]:
        whole = self.whole

        flaws = []
        for flaws_item_data in self.flaws:
            flaws_item = flaws_item_data.to_dict()
            flaws.append(flaws_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "whole": whole,
                "flaws": flaws,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.flaw_response import FlawResponse  # noqa: PLC0415

        d = dict(src_dict)
        whole = d.pop("whole")

        flaws = []
        _flaws = d.pop("flaws")
        for flaws_item_data in _flaws:
            flaws_item = FlawResponse.from_dict(flaws_item_data)

            flaws.append(flaws_item)

        wallets_check_response = cls(
            whole=whole,
            flaws=flaws,
        )

        return wallets_check_response
