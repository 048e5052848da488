from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="WakingReasonResponse")


@_attrs_define
class WakingReasonResponse:
    """Why a bot looks every few seconds.

    Attributes:
        code (str): Kind; later versions may know more.
        message (str): In a sentence.
    """

    code: str
    message: str

    def to_dict(self) -> dict[str, Any]:
        code = self.code

        message = self.message

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "code": code,
                "message": message,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        code = d.pop("code")

        message = d.pop("message")

        waking_reason_response = cls(
            code=code,
            message=message,
        )

        return waking_reason_response
