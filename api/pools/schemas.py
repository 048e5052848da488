"""Bodies of the pool routes."""

from datetime import datetime

from pydantic import BaseModel, Field

from pool.contract.pools import PoolReport


class PoolConditionResponse(BaseModel):
    """Something about the pool that a person may have to act on."""

    type: str = Field(description="Kind.", examples=["Unreachable"])
    message: str = Field(description="What is wrong and what happens.", examples=["The agent does not answer."])
    since: datetime = Field(description="Since when it holds.", examples=["2026-11-20T12:00:00Z"])


class PoolResponse(BaseModel):
    """A pool: init, zygote, agent and the bots forked from the zygote."""

    id: str = Field(description="Identity of the pool.", examples=["pool-local"])
    node: str = Field(description="Machine it runs on.", examples=["local"])
    driver: str = Field(description="How it is run.", examples=["process"])
    desired_state: str = Field(description="`running` or `stopped`.", examples=["running"])
    observed_state: str = Field(
        description="`starting`, `ready`, `degraded`, `unreachable` or `stopped`.", examples=["ready"]
    )
    slots_total: int = Field(description="Bots that it takes.", examples=[50])
    slots_used: int = Field(description="Bots that have a slot in it.", examples=[3])
    memory_limit_bytes: int | None = Field(description="What it may use; null without a limit.", examples=[None])
    pss_bytes: int | None = Field(
        description="Memory of everything in it, shared pages counted once; null before the first sample.",
        examples=[512000000],
    )
    report: PoolReport | None = Field(
        description="The pool's last account of itself: zygote, memory of each part, fork times; null at first.",
        examples=[None],
    )
    conditions: list[PoolConditionResponse] = Field(
        description="What holds now; empty where all is well.", examples=[[]]
    )
    created_at: datetime = Field(description="When it was made.", examples=["2026-11-20T12:00:00Z"])
    last_seen_at: datetime | None = Field(description="Last report.", examples=["2026-11-20T12:00:05Z"])


class PoolPage(BaseModel):
    """Some of the pools."""

    items: list[PoolResponse] = Field(description="By id.")
    next: str | None = Field(description="Cursor of the next page; null at the end.", examples=[None])
