from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="MemoryResponse")


@_attrs_define
class MemoryResponse:
    """Memory of the bot's process, in bytes.

    Attributes:
        pss_bytes (int): Shared pages divided among their sharers.
        uss_bytes (int): Pages of its own.
    """

    pss_bytes: int
    uss_bytes: int

    def to_dict(self) -> dict[str, Any]:
        pss_bytes = self.pss_bytes

        uss_bytes = self.uss_bytes

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "pss_bytes": pss_bytes,
                "uss_bytes": uss_bytes,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        pss_bytes = d.pop("pss_bytes")

        uss_bytes = d.pop("uss_bytes")

        memory_response = cls(
            pss_bytes=pss_bytes,
            uss_bytes=uss_bytes,
        )

        return memory_response
