from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="Memory")


@_attrs_define
class Memory:
    """Memory of one process, in bytes. PSS counts shared pages divided among their sharers; USS only private ones.

    Attributes:
        pss_bytes (int):
        uss_bytes (int):
        rss_bytes (int):
    """

    pss_bytes: int
    uss_bytes: int
    rss_bytes: int

    def to_dict(self) -> dict[str, Any]:
        pss_bytes = self.pss_bytes

        uss_bytes = self.uss_bytes

        rss_bytes = self.rss_bytes

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "pss_bytes": pss_bytes,
                "uss_bytes": uss_bytes,
                "rss_bytes": rss_bytes,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        pss_bytes = d.pop("pss_bytes")

        uss_bytes = d.pop("uss_bytes")

        rss_bytes = d.pop("rss_bytes")

        memory = cls(
            pss_bytes=pss_bytes,
            uss_bytes=uss_bytes,
            rss_bytes=rss_bytes,
        )

        return memory
