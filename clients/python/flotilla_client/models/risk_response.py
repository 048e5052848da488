from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.bot_risk_response import BotRiskResponse
    from ..models.halt_response import HaltResponse
    from ..models.reservation_response import ReservationResponse
    from ..models.use_response import UseResponse


T = TypeVar("T", bound="RiskResponse")


@_attrs_define
class RiskResponse:
    """Modes, leases, limits and reservations of all bots of a user.

    Attributes:
        mode (str): The most bound mode that any of the bots is ordered.
        current (bool): Whether the leading control plane told uses, leases and reservations lately.
        as_of (datetime.datetime | None): When it told them last, at a change or every 30 s.
        warming (bool): It began a few seconds ago and grants nothing until all bots have reported.
        halts (list[HaltResponse]): What binds, oldest first.
        bots (list[BotRiskResponse]): Every bot.
        uses (list[UseResponse]): Every limit that is set.
        reservations (list[ReservationResponse]): Room kept for orders under way.
    """

    mode: str
    current: bool
    as_of: datetime.datetime | None
    warming: bool
    halts: list[HaltResponse]
    bots: list[BotRiskResponse]
    uses: list[UseResponse]
    reservations: list[ReservationResponse]

    def to_dict(self) -> dict[str, Any]:
        mode = self.mode

        current = self.current

        as_of: None | str
        if isinstance(self.as_of, datetime.datetime):
            as_of = self.as_of.isoformat()
        else:
            as_of = self.as_of

        warming = self.warming

        halts = []
        for halts_item_data in self.halts:
            halts_item = halts_item_data.to_dict()
            halts.append(halts_item)

        bots = []
        for bots_item_data in self.bots:
            bots_item = bots_item_data.to_dict()
            bots.append(bots_item)

        uses = []
        for uses_item_data in self.uses:
            uses_item = uses_item_data.to_dict()
            uses.append(uses_item)

        reservations = []
        for reservations_item_data in self.reservations:
            reservations_item = reservations_item_data.to_dict()
            reservations.append(reservations_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "mode": mode,
                "current": current,
                "as_of": as_of,
                "warming": warming,
                "halts": halts,
                "bots": bots,
                "uses": uses,
                "reservations": reservations,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.bot_risk_response import BotRiskResponse  # noqa: PLC0415
        from ..models.halt_response import HaltResponse  # noqa: PLC0415
        from ..models.reservation_response import ReservationResponse  # noqa: PLC0415
        from ..models.use_response import UseResponse  # noqa: PLC0415

        d = dict(src_dict)
        mode = d.pop("mode")

        current = d.pop("current")

        def _parse_as_of(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                as_of_type_0 = datetime.datetime.fromisoformat(data)

                return as_of_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        as_of = _parse_as_of(d.pop("as_of"))

        warming = d.pop("warming")

        halts = []
        _halts = d.pop("halts")
        for halts_item_data in _halts:
            halts_item = HaltResponse.from_dict(halts_item_data)

            halts.append(halts_item)

        bots = []
        _bots = d.pop("bots")
        for bots_item_data in _bots:
            bots_item = BotRiskResponse.from_dict(bots_item_data)

            bots.append(bots_item)

        uses = []
        _uses = d.pop("uses")
        for uses_item_data in _uses:
            uses_item = UseResponse.from_dict(uses_item_data)

            uses.append(uses_item)

        reservations = []
        _reservations = d.pop("reservations")
        for reservations_item_data in _reservations:
            reservations_item = ReservationResponse.from_dict(reservations_item_data)

            reservations.append(reservations_item)

        risk_response = cls(
            mode=mode,
            current=current,
            as_of=as_of,
            warming=warming,
            halts=halts,
            bots=bots,
            uses=uses,
            reservations=reservations,
        )

        return risk_response
