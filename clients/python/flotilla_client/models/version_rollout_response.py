from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.strategies_leg_response import StrategiesLegResponse


T = TypeVar("T", bound="VersionRolloutResponse")


@_attrs_define
class VersionRolloutResponse:
    """Bots on their way to another version.

    Attributes:
        id (str): Identity.
        strategy_id (str): Of which strategy.
        version (int): To which version.
        state (str): `running`, `done`, `stopped` (by itself) or `aborted`.
        problem (None | str): Why it stopped.
        legs (list[StrategiesLegResponse]): One for each bot.
        created_at (datetime.datetime): When it began.
        ended_at (datetime.datetime | None): When it ended.
    """

    id: str
    strategy_id: str
    version: int
    state: str
    problem: None | str
    legs: list[StrategiesLegResponse]
    created_at: datetime.datetime
    ended_at: datetime.datetime | None

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        strategy_id = self.strategy_id

        version = self.version

        state = self.state

        problem: None | str
        problem = self.problem

        legs = []
        for legs_item_data in self.legs:
            legs_item = legs_item_data.to_dict()
            legs.append(legs_item)

        created_at = self.created_at.isoformat()

        ended_at: None | str
        if isinstance(self.ended_at, datetime.datetime):
            ended_at = self.ended_at.isoformat()
        else:
            ended_at = self.ended_at

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "id": id,
                "strategy_id": strategy_id,
                "version": version,
                "state": state,
                "problem": problem,
                "legs": legs,
                "created_at": created_at,
                "ended_at": ended_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.strategies_leg_response import StrategiesLegResponse  # noqa: PLC0415

        d = dict(src_dict)
        id = d.pop("id")

        strategy_id = d.pop("strategy_id")

        version = d.pop("version")

        state = d.pop("state")

        def _parse_problem(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        problem = _parse_problem(d.pop("problem"))

        legs = []
        _legs = d.pop("legs")
        for legs_item_data in _legs:
            legs_item = StrategiesLegResponse.from_dict(legs_item_data)

            legs.append(legs_item)

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

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

        version_rollout_response = cls(
            id=id,
            strategy_id=strategy_id,
            version=version,
            state=state,
            problem=problem,
            legs=legs,
            created_at=created_at,
            ended_at=ended_at,
        )

        return version_rollout_response
