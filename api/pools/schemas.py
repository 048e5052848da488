"""Bodies of the pool routes."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from pool.contract.pools import PoolReport

_TIME = "2026-11-20T12:00:00Z"
_POOL = "pool-k3v2q7d5mwxz4tha"
_BOT = "bot-k3v2q7d5mwxz4tha"
_IMAGE = "flotilla-pool:1.1"
NoNul = r"^[^\x00]*$"
_IMAGE_PATTERN = r"^[a-z0-9][A-Za-z0-9_.:/@-]{0,254}$"


class PoolConditionResponse(BaseModel):
    """Something about the pool that a person may have to act on."""

    type: str = Field(description="Kind.", examples=["Unreachable"])
    message: str = Field(description="What is wrong and what happens.", examples=["The agent does not answer."])
    since: datetime = Field(description="Since when it holds.", examples=["2026-11-20T12:00:00Z"])


class PoolResponse(BaseModel):
    """A pool: init, zygote, agent and the bots forked from the zygote."""

    id: str = Field(description="Identity of the pool.", examples=["pool-local"])
    tenant_id: str | None = Field(
        description="The user whose bots it takes; null for a pool shared by users.", examples=["user-k3v2q7d5mwxz4tha"]
    )
    node: str = Field(description="Machine it runs on.", examples=["local"])
    driver: str = Field(description="How it is run.", examples=["process"])
    image: str | None = Field(description="Image of its container; null where it is none.", examples=[_IMAGE])
    image_id: str | None = Field(
        description="What that reference meant when the pool was made; it stays with it. Null at first.",
        examples=["sha256:9f0c1e6a4b7d2c58e3f1a0b9d8c7e6f5a4b3c2d1e0f9a8b7c6d5e4f3a2b1c0d9"],
    )
    desired_state: str = Field(description="`running`, `stopped` or `removed`.", examples=["running"])
    observed_state: str = Field(
        description="`starting`, `ready`, `degraded`, `unreachable` or `stopped`.", examples=["ready"]
    )
    cordoned: bool = Field(description="No new bot is placed in it.", examples=[False])
    draining: bool = Field(description="Its bots are moved elsewhere.", examples=[False])
    slots_total: int = Field(description="Bots that it takes.", examples=[50])
    slots_used: int = Field(
        description="Bots that have a slot in it; in a shared pool those you may see, unless you are an administrator.",
        examples=[3],
    )
    memory_limit_bytes: int | None = Field(description="What it may use; null without a limit.", examples=[None])
    pss_bytes: int | None = Field(
        description="Memory of everything in it, shared pages counted once; null before the first sample, and of a "
        "shared pool unless you are an administrator.",
        examples=[512000000],
    )
    cpu_percent: float | None = Field(
        description="Of one core, by all its bots that you may see; null before the first sample.", examples=[12.5]
    )
    restarts: int | None = Field(description="Of its zygote; null before the first report.", examples=[0])
    bot_restarts: int = Field(description="Of its bots, in all.", examples=[2])
    protocol: int | None = Field(description="Version that its agent speaks; null at first.", examples=[1])
    image_version: str | None = Field(description="Version of the code that it runs.", examples=["1.1.0"])
    freqtrade: str | None = Field(description="Version of FreqTrade in it; null at first.", examples=["2026.9"])
    report: PoolReport | None = Field(
        description="The pool's last account of itself: zygote, memory of each part, isolation; null at first, and of "
        "a shared pool unless you are an administrator.",
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


class SlotResponse(BaseModel):
    """A bot's place in a pool."""

    bot_id: str = Field(description="Identity of the bot.", examples=[_BOT])
    bot: str = Field(description="Name of the bot.", examples=["trend-1"])
    owner_id: str = Field(description="Whose it is.", examples=["user-k3v2q7d5mwxz4tha"])
    owner: str = Field(description="Name of that user.", examples=["ann"])
    desired_state: str = Field(description="What its user wants.", examples=["running"])
    observed_state: str = Field(description="What it is seen doing.", examples=["running"])
    epoch: int = Field(description="Fencing epoch of its assignment.", examples=[1])
    pss_bytes: int | None = Field(description="Memory of its process; null without one.", examples=[31000000])
    cpu_percent: float | None = Field(description="Of one core; null without a process.", examples=[0.4])
    restarts: int = Field(description="How often its process was started again.", examples=[0])
    uptime_seconds: float | None = Field(description="Of its process; null without one.", examples=[3600.0])
    open_trades: int = Field(description="Open trades, as last reported.", examples=[2])
    moving_to: str | None = Field(description="Pool that it is being moved to; null mostly.", examples=[None])


class SlotPage(BaseModel):
    """Some of a pool's slots."""

    items: list[SlotResponse] = Field(description="In the order in which the bots were created.")
    next: str | None = Field(description="Cursor of the next page; null at the end.", examples=[None])


class NodeResponse(BaseModel):
    """A machine that runs pools."""

    name: str = Field(description="Its name.", examples=["local"])
    driver: str = Field(description="How pools are run on it.", examples=["docker"])
    report: dict[str, Any] = Field(
        description="Cores, memory, disk and versions, as its driver tells.",
        examples=[{"name": "local", "cores": 2, "memory_bytes": 8_000_000_000, "versions": {"docker": "27.3"}}],
    )
    pools: int = Field(description="How many pools it runs.", examples=[2])
    promised_bytes: int = Field(description="Memory limits of its pools, in all.", examples=[4_000_000_000])
    conditions: list[PoolConditionResponse] = Field(description="What it lacks, or why it is silent.", examples=[[]])
    last_seen_at: datetime | None = Field(description="Last report.", examples=[_TIME])


class NodePage(BaseModel):
    """All nodes."""

    items: list[NodeResponse] = Field(description="By name.")
    next: str | None = Field(description="Always null: there are few.", examples=[None])


class DiskResponse(BaseModel):
    """What a pool that is gone left on disk."""

    pool_id: str = Field(description="The pool; a purge names it.", examples=[_POOL])
    driver: str = Field(description="How the pool was run.", examples=["docker"])
    tenant_id: str | None = Field(
        description="Whose bots were in it; null for a shared pool, or where nobody knows.",
        examples=["user-k3v2q7d5mwxz4tha"],
    )
    image_id: str | None = Field(
        description="Image that the pool was made of; null where it was no container.",
        examples=["sha256:9f0c1e6a4b7d2c58e3f1a0b9d8c7e6f5a4b3c2d1e0f9a8b7c6d5e4f3a2b1c0d9"],
    )
    in_use: bool = Field(description="Something runs on it all the same: it is not purged then.", examples=[False])
    removed_at: datetime | None = Field(
        description="When the pool was removed; null where the database never knew it, after a restore say.",
        examples=[_TIME],
    )


class DiskPage(BaseModel):
    """Some of the disks."""

    items: list[DiskResponse] = Field(description="By the pools' ids.")
    next: str | None = Field(description="Cursor of the next page; null at the end.", examples=[None])


class Act(BaseModel):
    """Why something is done."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(
        default="", max_length=500, pattern=NoNul, description="Kept in the audit.", examples=["New kernel tonight."]
    )


class PoolCreate(Act):
    """A new pool. What is left out is as the settings say."""

    tenant_id: str | None = Field(
        default=None,
        max_length=40,
        pattern=NoNul,
        description="The user whose bots it shall take; null for one shared by users.",
        examples=["user-k3v2q7d5mwxz4tha"],
    )
    slots_total: int | None = Field(default=None, ge=1, le=1000, description="Bots that it takes.", examples=[50])
    memory_limit_bytes: int | None = Field(
        default=None, ge=256 * 2**20, lt=2**62, description="What it may use.", examples=[2_000_000_000]
    )
    image: str | None = Field(
        default=None, max_length=255, pattern=_IMAGE_PATTERN, description="Image of its container.", examples=[_IMAGE]
    )


class TokenRotationResponse(BaseModel):
    """A pool's agent has a new bearer token."""

    pool_id: str = Field(description="Which pool.", examples=["pool-local"])
    made_at: datetime = Field(description="When it was made.", examples=["2026-11-20T12:00:00Z"])


class OrderResponse(BaseModel):
    """Something that a pool's driver will do."""

    pool_id: str = Field(description="The pool.", examples=[_POOL])
    kind: Literal["restart", "purge"] = Field(description="What.", examples=["restart"])
    requested_at: datetime = Field(description="Since when it is wanted.", examples=[_TIME])
    problem: str | None = Field(description="Why it was not done yet; null mostly.", examples=[None])


class RemovalResponse(BaseModel):
    """A pool on its way out."""

    pool_id: str = Field(description="The pool.", examples=[_POOL])
    purge: bool = Field(description="Whether its disk goes too, trades included.", examples=[False])


class CheckResponse(BaseModel):
    """One thing that was looked at."""

    name: str = Field(description="What: `agent`, `zygote`, `memory`, `bots`.", examples=["agent"])
    ok: bool = Field(description="Whether it is well.", examples=[True])
    detail: str = Field(description="What was found, in a sentence.", examples=["It answered within 12 ms."])


class HealthResponse(BaseModel):
    """What a pool says when it is asked now."""

    pool_id: str = Field(description="The pool.", examples=[_POOL])
    healthy: bool = Field(description="Whether everything is well.", examples=[True])
    checks: list[CheckResponse] = Field(description="What was looked at.")


class MoveResponse(BaseModel):
    """A bot on its way to another pool."""

    bot_id: str = Field(description="The bot.", examples=[_BOT])
    source_pool_id: str = Field(description="From here.", examples=["pool-local"])
    target_pool_id: str = Field(description="To here.", examples=[_POOL])
    phase: str = Field(description="`stopping`, `copying`, `refused`, `assigning` or `cleaning`.", examples=["copying"])
    reason: str = Field(description="`move`, `drain`, `rebalance` or `rollout`.", examples=["move"])
    problem: str | None = Field(description="Why it does not get on; null mostly.", examples=[None])
    started_at: datetime = Field(description="Since when.", examples=[_TIME])


class MoveRequest(Act):
    """Where to."""

    pool_id: str | None = Field(
        default=None,
        max_length=64,
        pattern=NoNul,
        description="The pool; where a new bot would be placed if left out.",
        examples=[_POOL],
    )


class MovePage(BaseModel):
    """All moves that are under way."""

    items: list[MoveResponse] = Field(description="The oldest first.")
    next: str | None = Field(description="Always null: there are few.", examples=[None])


class RebalanceRequest(Act):
    """What to even out."""

    goal: Literal["spread", "pack"] | None = Field(
        default=None,
        description="`spread` uses pools evenly, `pack` as few as possible; as the settings place bots if left out.",
        examples=["spread"],
    )
    dry_run: bool = Field(default=True, description="Only tell the plan.", examples=[True])
    plan_id: str | None = Field(
        default=None,
        max_length=40,
        pattern=NoNul,
        description="The plan that was told, to apply just that; needed unless `dry_run`.",
        examples=["plan-189ebb6174580b51815cedb9"],
    )


class PlannedMove(BaseModel):
    """A move that is planned."""

    bot_id: str = Field(description="The bot.", examples=[_BOT])
    source_pool_id: str = Field(description="From here.", examples=["pool-local"])
    target_pool_id: str = Field(description="To here.", examples=[_POOL])
    why: str = Field(description="What it is good for.", examples=["pool-a uses 9 of 10 slots, pool-b 1 of 10"])


class PlannedUse(BaseModel):
    """What a pool would hold."""

    pool_id: str = Field(description="The pool.", examples=[_POOL])
    bots_before: int = Field(description="Bots now.", examples=[9])
    bots_after: int = Field(description="Bots then.", examples=[5])
    slots_total: int = Field(description="Bots that it takes.", examples=[50])
    memory_before_bytes: int = Field(description="Memory as measured.", examples=[800_000_000])
    memory_after_bytes: int = Field(description="Memory as expected.", examples=[600_000_000])
    memory_limit_bytes: int | None = Field(description="What it may use; null without a limit.", examples=[None])


class PlanResponse(BaseModel):
    """A plan, and whether it was applied."""

    plan_id: str = Field(description="Names just these moves.", examples=["plan-189ebb6174580b51815cedb9"])
    goal: Literal["spread", "pack"] = Field(description="What it aims at.", examples=["spread"])
    applied: bool = Field(description="Whether the moves were asked for.", examples=[False])
    moves: list[PlannedMove] = Field(description="Empty where nothing is to be done.")
    pools: list[PlannedUse] = Field(description="Each pool before and after.")


class PoolSyncResponse(BaseModel):
    """What one agent told."""

    pool_id: str = Field(description="The pool.", examples=[_POOL])
    problem: str | None = Field(description="Why it told nothing; null where it did.", examples=[None])
    slots: int = Field(description="Slots that it has.", examples=[3])
    missing: list[str] = Field(description="Bots of the pool without a slot; they get one.", examples=[[]])
    foreign: list[str] = Field(
        description="Slots of bots that do not belong there; they go once it is known where the bot is.", examples=[[]]
    )


class SyncResponse(BaseModel):
    """What the agents told."""

    pools: list[PoolSyncResponse] = Field(description="By pool.")


class RolloutCreate(Act):
    """What to roll out."""

    image: str | None = Field(
        default=None,
        max_length=255,
        pattern=_IMAGE_PATTERN,
        description="Image of the new pools; none where pools are local processes: they get the code that is there.",
        examples=[_IMAGE],
    )
    pools: list[Annotated[str, Field(max_length=64, pattern=NoNul)]] | None = Field(
        default=None,
        min_length=1,
        max_length=1000,
        description="Which pools to replace; all that run if left out.",
        examples=[["pool-local"]],
    )


class LegResponse(BaseModel):
    """One pool and its replacement."""

    source_pool_id: str = Field(description="The pool that is replaced.", examples=["pool-local"])
    target_pool_id: str | None = Field(description="Its replacement; null before it is made.", examples=[_POOL])
    phase: str = Field(description="`waiting`, `preparing`, `moving` or `done`.", examples=["moving"])
    moved: list[str] = Field(description="Bots that are well in the replacement.", examples=[[_BOT]])
    left: dict[str, str] = Field(
        description="Bots that stay in the old pool, which then stays too, and why in a sentence.",
        examples=[{_BOT: "Its directory holds more than 1073741824 bytes."}],
    )
    bot_id: str | None = Field(description="The bot that is under way or looked at.", examples=[None])


class RolloutResponse(BaseModel):
    """Pools on their way to another image."""

    id: str = Field(description="Identity of the roll-out.", examples=["rollout-k3v2q7d5mwxz4tha"])
    image: str | None = Field(description="Image of the new pools; null for local processes.", examples=[_IMAGE])
    state: str = Field(
        description="`running`, `stopping`, `stopped`, `aborted`, `rolling_back`, `rolled_back` or `done`.",
        examples=["running"],
    )
    problem: str | None = Field(description="Why it stopped, or which bots stay; null mostly.", examples=[None])
    wish: str | None = Field(
        description="`abort` or `roll_back` where that was asked for and is to come.", examples=[None]
    )
    legs: list[LegResponse] = Field(description="Pool by pool, in order.")
    actor: str = Field(description="Who started it.", examples=["user-k3v2q7d5mwxz4tha"])
    reason: str = Field(description="Why.", examples=["FreqTrade 2026.10"])
    created_at: datetime = Field(description="When it was started.", examples=[_TIME])
    updated_at: datetime = Field(description="When it last got on.", examples=[_TIME])
    ended_at: datetime | None = Field(description="When it ended; null before.", examples=[None])


class RolloutPage(BaseModel):
    """Some of the roll-outs."""

    items: list[RolloutResponse] = Field(description="Newest first.")
    next: str | None = Field(description="Cursor of the next page; null at the end.", examples=[None])
