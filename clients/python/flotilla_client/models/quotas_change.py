from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="QuotasChange")


@_attrs_define
class QuotasChange:
    """What is left out stays; null: as the settings say.

    Attributes:
        max_bots (int | None | Unset): Bots that he may have.
        max_memory_bytes (int | None | Unset): Memory that his bots and pools may use.
        reason (str | Unset): Kept in the audit. Default: ''.
    """

    max_bots: int | None | Unset = UNSET
    max_memory_bytes: int | None | Unset = UNSET
    reason: str | Unset = ""

    def to_dict(self) -> dict[str, Any]:
        max_bots: int | None | Unset
        if isinstance(self.max_bots, Unset):
            max_bots = UNSET
        else:
            max_bots = self.max_bots

        max_memory_bytes: int | None | Unset
        if isinstance(self.max_memory_bytes, Unset):
            max_memory_bytes = UNSET
        else:
            max_memory_bytes = self.max_memory_bytes

        reason = self.reason

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if max_bots is not UNSET:
            field_dict["max_bots"] = max_bots
        if max_memory_bytes is not UNSET:
            field_dict["max_memory_bytes"] = max_memory_bytes
        if reason is not UNSET:
            field_dict["reason"] = reason

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_max_bots(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        max_bots = _parse_max_bots(d.pop("max_bots", UNSET))

        def _parse_max_memory_bytes(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        max_memory_bytes = _parse_max_memory_bytes(d.pop("max_memory_bytes", UNSET))

        reason = d.pop("reason", UNSET)

        quotas_change = cls(
            max_bots=max_bots,
            max_memory_bytes=max_memory_bytes,
            reason=reason,
        )

        return quotas_change
