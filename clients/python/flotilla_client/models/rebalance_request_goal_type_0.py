from typing import Literal

RebalanceRequestGoalType0 = Literal["pack", "spread"]

REBALANCE_REQUEST_GOAL_TYPE_0_VALUES: set[RebalanceRequestGoalType0] = {
    "pack",
    "spread",
}


def check_rebalance_request_goal_type_0(value: str) -> RebalanceRequestGoalType0:
    if value in REBALANCE_REQUEST_GOAL_TYPE_0_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {REBALANCE_REQUEST_GOAL_TYPE_0_VALUES!r}")
