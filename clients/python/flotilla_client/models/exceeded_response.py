from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="ExceededResponse")


@_attrs_define
class ExceededResponse:
    """A limit across bots of which more is used already than the new document allows.

    Attributes:
        mode (str): `dry` or `live`: they are counted apart.
        limit (str): Path of the limit.
        subject (str): Asset; empty for all.
        used (str): Count, or ratio of equity.
        allowed (str): What the document allows.
    """

    mode: str
    limit: str
    subject: str
    used: str
    allowed: str

    def to_dict(self) -> dict[str, Any]:
        mode = self.mode

        limit = self.limit

        subject = self.subject

        used = self.used

        allowed = self.allowed

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "mode": mode,
                "limit": limit,
                "subject": subject,
                "used": used,
                "allowed": allowed,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        mode = d.pop("mode")

        limit = d.pop("limit")

        subject = d.pop("subject")

        used = d.pop("used")

        allowed = d.pop("allowed")

        exceeded_response = cls(
            mode=mode,
            limit=limit,
            subject=subject,
            used=used,
            allowed=allowed,
        )

        return exceeded_response
