from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..models.ticket_request_purpose import (
    TicketRequestPurpose,
    check_ticket_request_purpose,
)

T = TypeVar("T", bound="TicketRequest")


@_attrs_define
class TicketRequest:
    """What the ticket is to open.

    Attributes:
        purpose (TicketRequestPurpose): `portfolio` for the portfolio stream, `market` for that of prices, `freqtrade`
            for a bot's own WebSocket.
    """

    purpose: TicketRequestPurpose

    def to_dict(self) -> dict[str, Any]:
        purpose: str = self.purpose

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "purpose": purpose,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        purpose = check_ticket_request_purpose(d.pop("purpose"))

        ticket_request = cls(
            purpose=purpose,
        )

        return ticket_request
