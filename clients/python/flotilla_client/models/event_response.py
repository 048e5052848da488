from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.event_response_data import EventResponseData


T = TypeVar("T", bound="EventResponse")


@_attrs_define
class EventResponse:
    """A fact about a bot.

    Attributes:
        id (str): Unique.
        at (datetime.datetime): When it happened.
        type_ (str): Kind.
        data (EventResponseData): What happened.
    """

    id: str
    at: datetime.datetime
    type_: str
    data: EventResponseData

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        at = self.at.isoformat()

        type_ = self.type_

        data = self.data.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "id": id,
                "at": at,
                "type": type_,
                "data": data,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.event_response_data import EventResponseData  # noqa: PLC0415

        d = dict(src_dict)
        id = d.pop("id")

        at = datetime.datetime.fromisoformat(d.pop("at"))

        type_ = d.pop("type")

        data = EventResponseData.from_dict(d.pop("data"))

        event_response = cls(
            id=id,
            at=at,
            type_=type_,
            data=data,
        )

        return event_response
