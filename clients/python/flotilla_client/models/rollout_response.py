from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.pools_leg_response import PoolsLegResponse


T = TypeVar("T", bound="RolloutResponse")


@_attrs_define
class RolloutResponse:
    """Pools on their way to another image.

    Attributes:
        id (str): Identity of the roll-out.
        image (None | str): Image of the new pools; null for local processes.
        state (str): `running`, `stopping`, `stopped`, `aborted`, `rolling_back`, `rolled_back` or `done`.
        problem (None | str): Why it stopped, or which bots stay; null mostly.
        wish (None | str): `abort` or `roll_back` where that was asked for and is to come.
        legs (list[PoolsLegResponse]): Pool by pool, in order.
        actor (str): Who started it.
        reason (str): Why.
        created_at (datetime.datetime): When it was started.
        updated_at (datetime.datetime): When it last got on.
        ended_at (datetime.datetime | None): When it ended; null before.
    """

    id: str
    image: None | str
    state: str
    problem: None | str
    wish: None | str
    legs: list[PoolsLegResponse]
    actor: str
    reason: str
    created_at: datetime.datetime
    updated_at: datetime.datetime
    ended_at: datetime.datetime | None

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        image: None | str
        image = self.image

        state = self.state

        problem: None | str
        problem = self.problem

        wish: None | str
        wish = self.wish

        legs = []
        for legs_item_data in self.legs:
            legs_item = legs_item_data.to_dict()
            legs.append(legs_item)

        actor = self.actor

        reason = self.reason

        created_at = self.created_at.isoformat()

        updated_at = self.updated_at.isoformat()

        ended_at: None | str
        if isinstance(self.ended_at, datetime.datetime):
            ended_at = self.ended_at.isoformat()
        else:
            ended_at = self.ended_at

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "id": id,
                "image": image,
                "state": state,
                "problem": problem,
                "wish": wish,
                "legs": legs,
                "actor": actor,
                "reason": reason,
                "created_at": created_at,
                "updated_at": updated_at,
                "ended_at": ended_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.pools_leg_response import PoolsLegResponse  # noqa: PLC0415

        d = dict(src_dict)
        id = d.pop("id")

        def _parse_image(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        image = _parse_image(d.pop("image"))

        state = d.pop("state")

        def _parse_problem(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        problem = _parse_problem(d.pop("problem"))

        def _parse_wish(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        wish = _parse_wish(d.pop("wish"))

        legs = []
        _legs = d.pop("legs")
        for legs_item_data in _legs:
            legs_item = PoolsLegResponse.from_dict(legs_item_data)

            legs.append(legs_item)

        actor = d.pop("actor")

        reason = d.pop("reason")

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        updated_at = datetime.datetime.fromisoformat(d.pop("updated_at"))

        def _parse_ended_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                ended_at_type_0 = datetime.datetime.fromisoformat(data)

                return ended_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        ended_at = _parse_ended_at(d.pop("ended_at"))

        rollout_response = cls(
            id=id,
            image=image,
            state=state,
            problem=problem,
            wish=wish,
            legs=legs,
            actor=actor,
            reason=reason,
            created_at=created_at,
            updated_at=updated_at,
            ended_at=ended_at,
        )

        return rollout_response
