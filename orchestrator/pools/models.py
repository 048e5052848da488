"""Pools and how far their event streams were read."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, String
from sqlmodel import Field, SQLModel

from orchestrator.db.types import UtcDateTime


class PoolModel(SQLModel, table=True):
    __tablename__ = "pools"

    id: str = Field(primary_key=True, max_length=40)
    node: str = Field(max_length=64)
    driver: str = Field(max_length=16)
    slots_total: int
    memory_limit_bytes: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    desired_state: str = Field(max_length=16)
    """`running` or `stopped`."""
    observed_state: str = Field(max_length=16)
    """`starting`, `ready` (zygote and agent), `degraded` (one of them), `unreachable` or `stopped`."""
    report: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON, nullable=True))
    """Last `pool.contract.pools.PoolReport` in wire form."""
    conditions: list[dict[str, Any]] = Field(sa_column=Column(JSON, nullable=False))
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    last_seen_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))


class PoolCursorModel(SQLModel, table=True):
    """Where intake stands in a pool's event stream; committed together with the events it covers."""

    __tablename__ = "pool_cursors"

    pool_id: str = Field(sa_column=Column(String(40), ForeignKey("pools.id", ondelete="CASCADE"), primary_key=True))
    cursor: str = Field(max_length=80)


class LeaseModel(SQLModel, table=True):
    """A named lease with a fencing epoch: who reconciles, who collects. See `kit.leases`."""

    __tablename__ = "leases"

    name: str = Field(primary_key=True, max_length=64)
    holder: str = Field(max_length=64)
    epoch: int
    expires_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
