from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="HeldResponse")


@_attrs_define
class HeldResponse:
    """Of one currency on an account.

    Attributes:
        free (str): May be spent.
        locked (str): Backs open orders.
    """

    free: str
    locked: str

    def to_dict(self) -> dict[str, Any]:
        free = self.free

        locked = self.locked

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "free": free,
                "locked": locked,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        free = d.pop("free")

        locked = d.pop("locked")

        held_response = cls(
            free=free,
            locked=locked,
        )

        return held_response
