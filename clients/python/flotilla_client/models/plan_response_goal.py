from typing import Literal

PlanResponseGoal = Literal["pack", "spread"]

PLAN_RESPONSE_GOAL_VALUES: set[PlanResponseGoal] = {
    "pack",
    "spread",
}


def check_plan_response_goal(value: str) -> PlanResponseGoal:
    if value in PLAN_RESPONSE_GOAL_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {PLAN_RESPONSE_GOAL_VALUES!r}")
