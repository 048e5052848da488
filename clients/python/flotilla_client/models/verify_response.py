from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.chain_response import ChainResponse


T = TypeVar("T", bound="VerifyResponse")


@_attrs_define
class VerifyResponse:
    """Whether the audit is whole.

    Attributes:
        whole (bool): No chain has a problem.
        chains (list[ChainResponse]): By tenant.
    """

    whole: bool
    chains: list[ChainResponse]

    def to_dict(self) -> dict[str, Any]:
        whole = self.whole

        chains = []
        for chains_item_data in self.chains:
            chains_item = chains_item_data.to_dict()
            chains.append(chains_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "whole": whole,
                "chains": chains,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.chain_response import ChainResponse  # noqa: PLC0415

        d = dict(src_dict)
        whole = d.pop("whole")

        chains = []
        _chains = d.pop("chains")
        for chains_item_data in _chains:
            chains_item = ChainResponse.from_dict(chains_item_data)

            chains.append(chains_item)

        verify_response = cls(
            whole=whole,
            chains=chains,
        )

        return verify_response
