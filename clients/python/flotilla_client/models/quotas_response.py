from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="QuotasResponse")


@_attrs_define
class QuotasResponse:
    """What a user may have, and has.

    Attributes:
        user_id (str): Identity of the user.
        username (str): User name.
        max_bots (int | None): His own quota; null: as the settings say.
        max_memory_bytes (int | None): His own quota; null: as the settings say.
        allowed_bots (int | None): How many bots he may have; null: no limit.
        allowed_memory_bytes (int | None): What his bots and pools may use; null: no limit.
        bots (int): How many bots he has.
        memory_bytes (int): What his bots use.
    """

    user_id: str
    username: str
    max_bots: int | None
    max_memory_bytes: int | None
    allowed_bots: int | None
    allowed_memory_bytes: int | None
    bots: int
    memory_bytes: int

    def to_dict(self) -> dict[str, Any]:
        user_id = self.user_id

        username = self.username

        max_bots: int | None
        max_bots = self.max_bots

        max_memory_bytes: int | None
        max_memory_bytes = self.max_memory_bytes

        allowed_bots: int | None
        allowed_bots = self.allowed_bots

        allowed_memory_bytes: int | None
        allowed_memory_bytes = self.allowed_memory_bytes

        bots = self.bots

        memory_bytes = self.memory_bytes

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "user_id": user_id,
                "username": username,
                "max_bots": max_bots,
                "max_memory_bytes": max_memory_bytes,
                "allowed_bots": allowed_bots,
                "allowed_memory_bytes": allowed_memory_bytes,
                "bots": bots,
                "memory_bytes": memory_bytes,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        user_id = d.pop("user_id")

        username = d.pop("username")

        def _parse_max_bots(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        max_bots = _parse_max_bots(d.pop("max_bots"))

        def _parse_max_memory_bytes(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        max_memory_bytes = _parse_max_memory_bytes(d.pop("max_memory_bytes"))

        def _parse_allowed_bots(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        allowed_bots = _parse_allowed_bots(d.pop("allowed_bots"))

        def _parse_allowed_memory_bytes(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        allowed_memory_bytes = _parse_allowed_memory_bytes(d.pop("allowed_memory_bytes"))

        bots = d.pop("bots")

        memory_bytes = d.pop("memory_bytes")

        quotas_response = cls(
            user_id=user_id,
            username=username,
            max_bots=max_bots,
            max_memory_bytes=max_memory_bytes,
            allowed_bots=allowed_bots,
            allowed_memory_bytes=allowed_memory_bytes,
            bots=bots,
            memory_bytes=memory_bytes,
        )

        return quotas_response
