from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="PoolCreate")


@_attrs_define
class PoolCreate:
    """A new pool. What is left out is as the settings say.

    Attributes:
        reason (str | Unset): Kept in the audit. Default: ''.
        tenant_id (None | str | Unset): The user whose bots it shall take; null for one shared by users.
        slots_total (int | None | Unset): Bots that it takes.
        memory_limit_bytes (int | None | Unset): What it may use.
        image (None | str | Unset): Image of its container.
    """

    reason: str | Unset = ""
    tenant_id: None | str | Unset = UNSET
    slots_total: int | None | Unset = UNSET
    memory_limit_bytes: int | None | Unset = UNSET
    image: None | str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        reason = self.reason

        tenant_id: None | str | Unset
        if isinstance(self.tenant_id, Unset):
            tenant_id = UNSET
        else:
            tenant_id = self.tenant_id

        slots_total: int | None | Unset
        if isinstance(self.slots_total, Unset):
            slots_total = UNSET
        else:
            slots_total = self.slots_total

        memory_limit_bytes: int | None | Unset
        if isinstance(self.memory_limit_bytes, Unset):
            memory_limit_bytes = UNSET
        else:
            memory_limit_bytes = self.memory_limit_bytes

        image: None | str | Unset
        if isinstance(self.image, Unset):
            image = UNSET
        else:
            image = self.image

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if reason is not UNSET:
            field_dict["reason"] = reason
        if tenant_id is not UNSET:
            field_dict["tenant_id"] = tenant_id
        if slots_total is not UNSET:
            field_dict["slots_total"] = slots_total
        if memory_limit_bytes is not UNSET:
            field_dict["memory_limit_bytes"] = memory_limit_bytes
        if image is not UNSET:
            field_dict["image"] = image

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        reason = d.pop("reason", UNSET)

        def _parse_tenant_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        tenant_id = _parse_tenant_id(d.pop("tenant_id", UNSET))

        def _parse_slots_total(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        slots_total = _parse_slots_total(d.pop("slots_total", UNSET))

        def _parse_memory_limit_bytes(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        memory_limit_bytes = _parse_memory_limit_bytes(d.pop("memory_limit_bytes", UNSET))

        def _parse_image(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        image = _parse_image(d.pop("image", UNSET))

        pool_create = cls(
            reason=reason,
            tenant_id=tenant_id,
            slots_total=slots_total,
            memory_limit_bytes=memory_limit_bytes,
            image=image,
        )

        return pool_create
