from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..models.memory_estimate_response_basis import (
    MemoryEstimateResponseBasis,
    check_memory_estimate_response_basis,
)

T = TypeVar("T", bound="MemoryEstimateResponse")


@_attrs_define
class MemoryEstimateResponse:
    """What one more bot would take of memory, in bytes.

    Attributes:
        memory_bytes (int): In the mean: pages of its own (USS); where it is `typical` with its share of a full pool
            (PSS).
        basis (MemoryEstimateResponseBasis): Measured on your running bots of this template or strategy (`alike`), on
            all that run here (`all`), or nothing runs here yet (`typical`: the project's benchmark).
        bots (int): How many bots that was measured on.
        reckoned_bytes (int): What quotas, and pools that have measured less, reckon with for a new bot.
    """

    memory_bytes: int
    basis: MemoryEstimateResponseBasis
    bots: int
    reckoned_bytes: int

    def to_dict(self) -> dict[str, Any]:
        memory_bytes = self.memory_bytes

        basis: str = self.basis

        bots = self.bots

        reckoned_bytes = self.reckoned_bytes

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "memory_bytes": memory_bytes,
                "basis": basis,
                "bots": bots,
                "reckoned_bytes": reckoned_bytes,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        memory_bytes = d.pop("memory_bytes")

        basis = check_memory_estimate_response_basis(d.pop("basis"))

        bots = d.pop("bots")

        reckoned_bytes = d.pop("reckoned_bytes")

        memory_estimate_response = cls(
            memory_bytes=memory_bytes,
            basis=basis,
            bots=bots,
            reckoned_bytes=reckoned_bytes,
        )

        return memory_estimate_response
