from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="PoolConditionResponse")


@_attrs_define
class PoolConditionResponse:
    """Something about the pool that a person may have to act on.

    Attributes:
        type_ (str): Kind.
        message (str): What is wrong and what happens.
        since (datetime.datetime): Since when it holds.
    """

    type_: str
    message: str
    since: datetime.datetime

    def to_dict(self) -> dict[str, Any]:
        type_ = self.type_

        message = self.message

        since = self.since.isoformat()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "type": type_,
                "message": message,
                "since": since,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        type_ = d.pop("type")

        message = d.pop("message")

        since = datetime.datetime.fromisoformat(d.pop("since"))

        pool_condition_response = cls(
            type_=type_,
            message=message,
            since=since,
        )

        return pool_condition_response
