from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

from ..models.plan_response_goal import PlanResponseGoal, check_plan_response_goal

if TYPE_CHECKING:
    from ..models.planned_move import PlannedMove
    from ..models.planned_use import PlannedUse


T = TypeVar("T", bound="PlanResponse")


@_attrs_define
class PlanResponse:
    """A plan, and whether it was applied.

    Attributes:
        plan_id (str): Names just these moves.
        goal (PlanResponseGoal): What it aims at.
        applied (bool): Whether the moves were asked for.
        moves (list[PlannedMove]): Empty where nothing is to be done.
        pools (list[PlannedUse]): Each pool before and after.
    """

    plan_id: str
    goal: PlanResponseGoal
    applied: bool
    moves: list[PlannedMove]
    pools: list[PlannedUse]

    def to_dict(self) -> dict[str, Any]:
        plan_id = self.plan_id

        goal: str = self.goal

        applied = self.applied

        moves = []
        for moves_item_data in self.moves:
            moves_item = moves_item_data.to_dict()
            moves.append(moves_item)

        pools = []
        for pools_item_data in self.pools:
            pools_item = pools_item_data.to_dict()
            pools.append(pools_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "plan_id": plan_id,
                "goal": goal,
                "applied": applied,
                "moves": moves,
                "pools": pools,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.planned_move import PlannedMove  # noqa: PLC0415
        from ..models.planned_use import PlannedUse  # noqa: PLC0415

        d = dict(src_dict)
        plan_id = d.pop("plan_id")

        goal = check_plan_response_goal(d.pop("goal"))

        applied = d.pop("applied")

        moves = []
        _moves = d.pop("moves")
        for moves_item_data in _moves:
            moves_item = PlannedMove.from_dict(moves_item_data)

            moves.append(moves_item)

        pools = []
        _pools = d.pop("pools")
        for pools_item_data in _pools:
            pools_item = PlannedUse.from_dict(pools_item_data)

            pools.append(pools_item)

        plan_response = cls(
            plan_id=plan_id,
            goal=goal,
            applied=applied,
            moves=moves,
            pools=pools,
        )

        return plan_response
