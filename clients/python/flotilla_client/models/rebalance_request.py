from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.rebalance_request_goal_type_0 import (
    RebalanceRequestGoalType0,
    check_rebalance_request_goal_type_0,
)
from ..types import UNSET, Unset

T = TypeVar("T", bound="RebalanceRequest")


@_attrs_define
class RebalanceRequest:
    """What to even out.

    Attributes:
        reason (str | Unset): Kept in the audit. Default: ''.
        goal (None | RebalanceRequestGoalType0 | Unset): `spread` uses pools evenly, `pack` as few as possible; as the
            settings place bots if left out.
        dry_run (bool | Unset): Only tell the plan. Default: True.
        plan_id (None | str | Unset): The plan that was told, to apply just that; needed unless `dry_run`.
    """

    reason: str | Unset = ""
    goal: None | RebalanceRequestGoalType0 | Unset = UNSET
    dry_run: bool | Unset = True
    plan_id: None | str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        reason = self.reason

        goal: None | str | Unset
        if isinstance(self.goal, Unset):
            goal = UNSET
        elif isinstance(self.goal, str):
            goal = self.goal
        else:
            goal = self.goal

        dry_run = self.dry_run

        plan_id: None | str | Unset
        if isinstance(self.plan_id, Unset):
            plan_id = UNSET
        else:
            plan_id = self.plan_id

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if reason is not UNSET:
            field_dict["reason"] = reason
        if goal is not UNSET:
            field_dict["goal"] = goal
        if dry_run is not UNSET:
            field_dict["dry_run"] = dry_run
        if plan_id is not UNSET:
            field_dict["plan_id"] = plan_id

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        reason = d.pop("reason", UNSET)

        def _parse_goal(data: object) -> None | RebalanceRequestGoalType0 | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                goal_type_0 = check_rebalance_request_goal_type_0(data)

                return goal_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | RebalanceRequestGoalType0 | Unset, data)

        goal = _parse_goal(d.pop("goal", UNSET))

        dry_run = d.pop("dry_run", UNSET)

        def _parse_plan_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        plan_id = _parse_plan_id(d.pop("plan_id", UNSET))

        rebalance_request = cls(
            reason=reason,
            goal=goal,
            dry_run=dry_run,
            plan_id=plan_id,
        )

        return rebalance_request
