from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="SessionsEndedResponse")


@_attrs_define
class SessionsEndedResponse:
    """What was ended.

    Attributes:
        ended (int): How many sessions.
    """

    ended: int

    def to_dict(self) -> dict[str, Any]:
        ended = self.ended

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "ended": ended,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        ended = d.pop("ended")

        sessions_ended_response = cls(
            ended=ended,
        )

        return sessions_ended_response
