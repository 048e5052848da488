from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..models.push_key_response_kinds_item import (
    PushKeyResponseKindsItem,
    check_push_key_response_kinds_item,
)

T = TypeVar("T", bound="PushKeyResponse")


@_attrs_define
class PushKeyResponse:
    """What a browser needs to subscribe.

    Attributes:
        key (str): The `applicationServerKey`: uncompressed point on P-256, base64url.
        kinds (list[PushKeyResponseKindsItem]): What is pushed: `alerts` (of accounts, findings, keys, and whatever is
            none of the others), `halts` (modes and emergencies), `entries_refused`, `trades_closed`, `bot_failed`.
        contact (str): What push services are told of who pushes.
    """

    key: str
    kinds: list[PushKeyResponseKindsItem]
    contact: str

    def to_dict(self) -> dict[str, Any]:
        key = self.key

        kinds = []
        for kinds_item_data in self.kinds:
            kinds_item: str = kinds_item_data
            kinds.append(kinds_item)

        contact = self.contact

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "key": key,
                "kinds": kinds,
                "contact": contact,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        key = d.pop("key")

        kinds = []
        _kinds = d.pop("kinds")
        for kinds_item_data in _kinds:
            kinds_item = check_push_key_response_kinds_item(kinds_item_data)

            kinds.append(kinds_item)

        contact = d.pop("contact")

        push_key_response = cls(
            key=key,
            kinds=kinds,
            contact=contact,
        )

        return push_key_response
