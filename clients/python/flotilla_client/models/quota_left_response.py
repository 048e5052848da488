from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="QuotaLeftResponse")


@_attrs_define
class QuotaLeftResponse:
    """Your quota, and what is left of it before this bot; null for what has no limit.

    Attributes:
        bots (int): Bots that you have.
        max_bots (int | None): That you may have.
        bots_left (int | None): How many more.
        memory_bytes (int): What your bots are reckoned to use.
        max_memory_bytes (int | None): What they may use.
        memory_bytes_left (int | None): How much more.
    """

    bots: int
    max_bots: int | None
    bots_left: int | None
    memory_bytes: int
    max_memory_bytes: int | None
    memory_bytes_left: int | None

    def to_dict(self) -> dict[str, Any]:
        bots = self.bots

        max_bots: int | None
        max_bots = self.max_bots

        bots_left: int | None
        bots_left = self.bots_left

        memory_bytes = self.memory_bytes

        max_memory_bytes: int | None
        max_memory_bytes = self.max_memory_bytes

        memory_bytes_left: int | None
        memory_bytes_left = self.memory_bytes_left

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "bots": bots,
                "max_bots": max_bots,
                "bots_left": bots_left,
                "memory_bytes": memory_bytes,
                "max_memory_bytes": max_memory_bytes,
                "memory_bytes_left": memory_bytes_left,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        bots = d.pop("bots")

        def _parse_max_bots(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        max_bots = _parse_max_bots(d.pop("max_bots"))

        def _parse_bots_left(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        bots_left = _parse_bots_left(d.pop("bots_left"))

        memory_bytes = d.pop("memory_bytes")

        def _parse_max_memory_bytes(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        max_memory_bytes = _parse_max_memory_bytes(d.pop("max_memory_bytes"))

        def _parse_memory_bytes_left(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        memory_bytes_left = _parse_memory_bytes_left(d.pop("memory_bytes_left"))

        quota_left_response = cls(
            bots=bots,
            max_bots=max_bots,
            bots_left=bots_left,
            memory_bytes=memory_bytes,
            max_memory_bytes=max_memory_bytes,
            memory_bytes_left=memory_bytes_left,
        )

        return quota_left_response
