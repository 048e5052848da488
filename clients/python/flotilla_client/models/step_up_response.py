from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="StepUpResponse")


@_attrs_define
class StepUpResponse:
    """The proof is good for five minutes.

    Attributes:
        proved_at (datetime.datetime): When it was proved.
        expires_in (int): Seconds that it is good for.
    """

    proved_at: datetime.datetime
    expires_in: int

    def to_dict(self) -> dict[str, Any]:
        proved_at = self.proved_at.isoformat()

        expires_in = self.expires_in

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "proved_at": proved_at,
                "expires_in": expires_in,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        proved_at = datetime.datetime.fromisoformat(d.pop("proved_at"))

        expires_in = d.pop("expires_in")

        step_up_response = cls(
            proved_at=proved_at,
            expires_in=expires_in,
        )

        return step_up_response
