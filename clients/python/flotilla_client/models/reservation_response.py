from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="ReservationResponse")


@_attrs_define
class ReservationResponse:
    """Room that is kept for an order.

    Attributes:
        bot_id (str): Which bot's.
        request_id (str): Identity within the bot.
        pair (str): Pair.
        is_short (bool): Direction.
        state (str): `granted`, `sent` or `filled`.
        exposure (str): In `currency`.
        currency (str): Stake currency.
        at (datetime.datetime): When the bot asked, by its clock.
    """

    bot_id: str
    request_id: str
    pair: str
    is_short: bool
    state: str
    exposure: str
    currency: str
    at: datetime.datetime

    def to_dict(self) -> dict[str, Any]:
        bot_id = self.bot_id

        request_id = self.request_id

        pair = self.pair

        is_short = self.is_short

        state = self.state

        exposure = self.exposure

        currency = self.currency

        at = self.at.isoformat()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "bot_id": bot_id,
                "request_id": request_id,
                "pair": pair,
                "is_short": is_short,
                "state": state,
                "exposure": exposure,
                "currency": currency,
                "at": at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        bot_id = d.pop("bot_id")

        request_id = d.pop("request_id")

        pair = d.pop("pair")

        is_short = d.pop("is_short")

        state = d.pop("state")

        exposure = d.pop("exposure")

        currency = d.pop("currency")

        at = datetime.datetime.fromisoformat(d.pop("at"))

        reservation_response = cls(
            bot_id=bot_id,
            request_id=request_id,
            pair=pair,
            is_short=is_short,
            state=state,
            exposure=exposure,
            currency=currency,
            at=at,
        )

        return reservation_response
