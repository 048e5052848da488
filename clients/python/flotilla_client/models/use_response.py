from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="UseResponse")


@_attrs_define
class UseResponse:
    """How far a limit is used.

    Attributes:
        limit (str): Path in the policy.
        trading (str): Of `dry` or of `live` bots.
        subject (str): Asset, assets of a group, bot or user; empty for all.
        used (None | str): Number, or ratio of equity; null while unknown.
        allowed (str): The limit.
    """

    limit: str
    trading: str
    subject: str
    used: None | str
    allowed: str

    def to_dict(self) -> dict[str, Any]:
        limit = self.limit

        trading = self.trading

        subject = self.subject

        used: None | str
        used = self.used

        allowed = self.allowed

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "limit": limit,
                "trading": trading,
                "subject": subject,
                "used": used,
                "allowed": allowed,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        limit = d.pop("limit")

        trading = d.pop("trading")

        subject = d.pop("subject")

        def _parse_used(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        used = _parse_used(d.pop("used"))

        allowed = d.pop("allowed")

        use_response = cls(
            limit=limit,
            trading=trading,
            subject=subject,
            used=used,
            allowed=allowed,
        )

        return use_response
