from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

from ..models.waking_response_mode import WakingResponseMode, check_waking_response_mode

if TYPE_CHECKING:
    from ..models.waking_reason_response import WakingReasonResponse


T = TypeVar("T", bound="WakingResponse")


@_attrs_define
class WakingResponse:
    """When a bot looks at its trades and signals.

    Attributes:
        mode (WakingResponseMode): `on_need`: when a candle closes, a price is reached, a timer is over, something is
            asked, and once a minute; `loop`: every few seconds.
        reasons (list[WakingReasonResponse]): Of `loop`.
        since (datetime.datetime): Since when.
    """

    mode: WakingResponseMode
    reasons: list[WakingReasonResponse]
    since: datetime.datetime

    def to_dict(self) -> dict[str, Any]:
        mode: str = self.mode

        reasons = []
        for reasons_item_data in self.reasons:
            reasons_item = reasons_item_data.to_dict()
            reasons.append(reasons_item)

        since = self.since.isoformat()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "mode": mode,
                "reasons": reasons,
                "since": since,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.waking_reason_response import WakingReasonResponse  # noqa: PLC0415

        d = dict(src_dict)
        mode = check_waking_response_mode(d.pop("mode"))

        reasons = []
        _reasons = d.pop("reasons")
        for reasons_item_data in _reasons:
            reasons_item = WakingReasonResponse.from_dict(reasons_item_data)

            reasons.append(reasons_item)

        since = datetime.datetime.fromisoformat(d.pop("since"))

        waking_response = cls(
            mode=mode,
            reasons=reasons,
            since=since,
        )

        return waking_response
