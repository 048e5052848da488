from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="StageResponse")


@_attrs_define
class StageResponse:
    """A stage that an action reached.

    Attributes:
        stage (str): Which.
        at (datetime.datetime): When, by the bot's clock.
        message (str): What there is to say of it.
        client_order_id (None | str): The order that it is about.
    """

    stage: str
    at: datetime.datetime
    message: str
    client_order_id: None | str

    def to_dict(self) -> dict[str, Any]:
        stage = self.stage

        at = self.at.isoformat()

        message = self.message

        client_order_id: None | str
        client_order_id = self.client_order_id

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "stage": stage,
                "at": at,
                "message": message,
                "client_order_id": client_order_id,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        stage = d.pop("stage")

        at = datetime.datetime.fromisoformat(d.pop("at"))

        message = d.pop("message")

        def _parse_client_order_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        client_order_id = _parse_client_order_id(d.pop("client_order_id"))

        stage_response = cls(
            stage=stage,
            at=at,
            message=message,
            client_order_id=client_order_id,
        )

        return stage_response
