from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="PlannedUse")


@_attrs_define
class PlannedUse:
    """What a pool would hold.

    Attributes:
        pool_id (str): The pool.
        bots_before (int): Bots now.
        bots_after (int): Bots then.
        slots_total (int): Bots that it takes.
        memory_before_bytes (int): Memory as measured.
        memory_after_bytes (int): Memory as expected.
        memory_limit_bytes (int | None): What it may use; null without a limit.
    """

    pool_id: str
    bots_before: int
    bots_after: int
    slots_total: int
    memory_before_bytes: int
    memory_after_bytes: int
    memory_limit_bytes: int | None

    def to_dict(self) -> dict[str, Any]:
        pool_id = self.pool_id

        bots_before = self.bots_before

        bots_after = self.bots_after

        slots_total = self.slots_total

        memory_before_bytes = self.memory_before_bytes

        memory_after_bytes = self.memory_after_bytes

        memory_limit_bytes: int | None
        memory_limit_bytes = self.memory_limit_bytes

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "pool_id": pool_id,
                "bots_before": bots_before,
                "bots_after": bots_after,
                "slots_total": slots_total,
                "memory_before_bytes": memory_before_bytes,
                "memory_after_bytes": memory_after_bytes,
                "memory_limit_bytes": memory_limit_bytes,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        pool_id = d.pop("pool_id")

        bots_before = d.pop("bots_before")

        bots_after = d.pop("bots_after")

        slots_total = d.pop("slots_total")

        memory_before_bytes = d.pop("memory_before_bytes")

        memory_after_bytes = d.pop("memory_after_bytes")

        def _parse_memory_limit_bytes(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        memory_limit_bytes = _parse_memory_limit_bytes(d.pop("memory_limit_bytes"))

        planned_use = cls(
            pool_id=pool_id,
            bots_before=bots_before,
            bots_after=bots_after,
            slots_total=slots_total,
            memory_before_bytes=memory_before_bytes,
            memory_after_bytes=memory_after_bytes,
            memory_limit_bytes=memory_limit_bytes,
        )

        return planned_use
