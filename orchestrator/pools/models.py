"""Pools and how far their event streams were read."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Column, ColumnElement, ForeignKey, String, false, or_
from sqlmodel import Field, SQLModel, col

from orchestrator.db.tenancy import Reach, register
from orchestrator.db.types import UtcDateTime

LOCAL_NODE = "local"
LOCAL_POOL = "pool-local"
"""The pool that an embedded control plane makes at its first start."""
REMOVED = "removed"
"""Desired state of a pool that is to go; its row goes once its driver has removed it."""


class PoolModel(SQLModel, table=True):
    __tablename__ = "pools"

    id: str = Field(primary_key=True, max_length=40)
    node: str = Field(max_length=64)
    driver: str = Field(max_length=16)
    slots_total: int
    memory_limit_bytes: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    desired_state: str = Field(max_length=16)
    """`running`, `stopped` or `removed`."""
    observed_state: str = Field(max_length=16)
    """`starting`, `ready` (zygote and agent), `degraded` (one of them), `unreachable` or `stopped`."""
    report: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON, nullable=True))
    """Last `pool.contract.pools.PoolReport` in wire form."""
    conditions: list[dict[str, Any]] = Field(sa_column=Column(JSON, nullable=False))
    tenant_id: str | None = Field(default=None, sa_column=Column(String(40), nullable=True, index=True))
    """User who owns every bot in it; None for a pool shared by tenants. No foreign key: SQLite could only add one by
    rebuilding a table that bots refer to."""
    cordoned: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default=false()))
    """No new bot is placed in it."""
    draining: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default=false()))
    """Its bots are moved elsewhere, one after another; implies cordoned."""
    image: str | None = Field(default=None, max_length=255)
    """Image its container is made of; None for pools that are no containers."""
    image_id: str | None = Field(default=None, sa_column=Column(String(80), nullable=True))
    """What that reference meant when its container was made; it stays with the pool. Written by `service.observe`."""
    empty_since: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    last_seen_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))


class NodeModel(SQLModel, table=True):
    """A machine that runs pools, as its driver tells. Written by `pools.nodes.observe` alone."""

    __tablename__ = "nodes"

    name: str = Field(primary_key=True, max_length=64)
    driver: str = Field(max_length=16)
    report: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    """Memory, cores, versions of the machine, as `orchestrator.pools.nodes.NodeReport` has them."""
    conditions: list[dict[str, Any]] = Field(sa_column=Column(JSON, nullable=False))
    last_seen_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))


class MoveModel(SQLModel, table=True):
    """A bot on its way from one pool to another. The row is there from the request until the move has ended."""

    __tablename__ = "moves"

    bot_id: str = Field(sa_column=Column(String(40), ForeignKey("bots.id", ondelete="CASCADE"), primary_key=True))
    source_pool_id: str = Field(max_length=40, index=True)
    target_pool_id: str = Field(max_length=40, index=True)
    epoch: int
    """The bot's epoch in the source pool when the move began."""
    phase: str = Field(max_length=16)
    """`stopping`, `copying`, `refused`, `assigning`, `cleaning`; see `pools.moves`."""
    reason: str = Field(max_length=40)
    """`move`, `drain`, `rebalance` or `rollout`."""
    problem: str | None = Field(default=None, max_length=500)
    started_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class RolloutModel(SQLModel, table=True):
    """Pools on their way to another image. Written by `pools.rollouts` for an administrator, and by the task that
    carries it out."""

    __tablename__ = "rollouts"

    id: str = Field(primary_key=True, max_length=40)
    image: str | None = Field(default=None, max_length=255)
    """Of the new pools; None for pools that are no containers: they get the code that is installed now."""
    state: str = Field(max_length=16, index=True)
    """`pools.rollout.State`."""
    legs: list[dict[str, Any]] = Field(sa_column=Column(JSON, nullable=False))
    """`pools.rollout.Leg`, one for each old pool, in wire form."""
    problem: str | None = Field(default=None, max_length=500)
    """Why it stopped, or what does not get on."""
    wish: str | None = Field(default=None, max_length=16)
    """What an administrator asked for since: `abort` or `roll_back`."""
    actor: str = Field(max_length=64)
    why: str = Field(default="", max_length=500)
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    updated_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    ended_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))


class PoolOrderModel(SQLModel, table=True):
    """Something that an administrator wants of a pool once, and that only its driver can do. The row is there until it
    is done. No foreign key: a pool's disk is purged when its row has long gone."""

    __tablename__ = "pool_orders"

    pool_id: str = Field(primary_key=True, max_length=40)
    kind: str = Field(primary_key=True, max_length=16)
    """`restart` or `purge`."""
    driver: str = Field(max_length=16)
    actor: str = Field(max_length=64)
    why: str = Field(default="", max_length=500)
    problem: str | None = Field(default=None, max_length=500)
    requested_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class PoolCursorModel(SQLModel, table=True):
    """Where intake stands in a pool's event stream; committed together with the events it covers."""

    __tablename__ = "pool_cursors"

    pool_id: str = Field(sa_column=Column(String(40), ForeignKey("pools.id", ondelete="CASCADE"), primary_key=True))
    cursor: str = Field(max_length=80)


def _own_or_shared(reach: Reach) -> ColumnElement[bool] | None:
    """A tenant's own pools, and those of nobody in particular."""
    if reach.everybody:
        return None
    return or_(col(PoolModel.tenant_id).is_(None), col(PoolModel.tenant_id) == reach.user_id)


register(PoolModel, _own_or_shared)
