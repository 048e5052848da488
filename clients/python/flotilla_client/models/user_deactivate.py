from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="UserDeactivate")


@_attrs_define
class UserDeactivate:
    """How somebody is let in no more.

    Attributes:
        halt (bool | Unset): Also has his bots open nothing more; otherwise they go on. Default: False.
        reason (str | Unset): Kept in the audit. Default: ''.
    """

    halt: bool | Unset = False
    reason: str | Unset = ""

    def to_dict(self) -> dict[str, Any]:
        halt = self.halt

        reason = self.reason

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if halt is not UNSET:
            field_dict["halt"] = halt
        if reason is not UNSET:
            field_dict["reason"] = reason

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        halt = d.pop("halt", UNSET)

        reason = d.pop("reason", UNSET)

        user_deactivate = cls(
            halt=halt,
            reason=reason,
        )

        return user_deactivate
