from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="RotateRequest")


@_attrs_define
class RotateRequest:
    """A new key-encryption key.

    Attributes:
        lost (bool | Unset): The present one is lost for good: exchange keys under it have to be replaced one by one.
            Default: False.
        reason (str | Unset): For the audit. Default: ''.
    """

    lost: bool | Unset = False
    reason: str | Unset = ""

    def to_dict(self) -> dict[str, Any]:
        lost = self.lost

        reason = self.reason

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if lost is not UNSET:
            field_dict["lost"] = lost
        if reason is not UNSET:
            field_dict["reason"] = reason

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        lost = d.pop("lost", UNSET)

        reason = d.pop("reason", UNSET)

        rotate_request = cls(
            lost=lost,
            reason=reason,
        )

        return rotate_request
