"""Bots: what the user wants (`bots`), what is (`bot_statuses`), what happened (`bot_events`)."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    String,
    UniqueConstraint,
    and_,
    or_,
    text,
)
from sqlmodel import Field, SQLModel, col, select

from orchestrator.db.tenancy import Reach, register
from orchestrator.db.types import MoneyColumn, UtcDateTime
from orchestrator.users.models import PORTFOLIO, ShareModel

_LIVING = text("deleted_at IS NULL")


class BotModel(SQLModel, table=True):
    """Intent. Written by `bots.service` for a user; its assignment (`pool_id`, `epoch`) by `pools.service.assign`."""

    __tablename__ = "bots"
    __table_args__ = (
        UniqueConstraint("owner_id", "name", name="uq_bots_owner_name"),
        Index("ix_bots_owner_created", "owner_id", "created_at", "id"),
        Index("ix_bots_created", "created_at", "id"),
        Index("ix_bots_living", "id", sqlite_where=_LIVING, postgresql_where=_LIVING),
    )

    id: str = Field(primary_key=True, max_length=40)
    owner_id: str = Field(sa_column=Column(String(40), ForeignKey("users.id", ondelete="RESTRICT"), nullable=False))
    name: str = Field(max_length=64)
    """Unique among the owner's bots; renamed to `<name>~<id>` when the bot is deleted, which frees the name."""
    template: str = Field(max_length=64)
    parameters: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    exchange: str = Field(max_length=40)
    trading_mode: str = Field(max_length=16)
    dry_run: bool
    pairs: list[str] = Field(sa_column=Column(JSON, nullable=False))
    timeframe: str = Field(max_length=8)
    stake_currency: str = Field(max_length=16)
    stake_amount: Decimal = Field(sa_column=Column(MoneyColumn, nullable=False))
    max_open_trades: int
    starting_balance: Decimal = Field(sa_column=Column(MoneyColumn, nullable=False))
    """What it was given less what was taken back: its share of its wallet (`bots.capital`)."""
    wake_on_need: bool = Field(default=True)
    """Its pool runs FreqTrade's loop when something is due; False: every few seconds."""
    wallet_id: str | None = Field(
        default=None,
        sa_column=Column(String(40), ForeignKey("wallets.id"), nullable=True, index=True),
    )
    """Where its capital is from; None of bots that were deleted before there were wallets."""

    strategy_id: str | None = Field(
        default=None,
        sa_column=Column(String(40), ForeignKey("strategies.id"), nullable=True, index=True),
    )
    """A strategy of a user's own, which stands in the place of the template's; None where it is the template's."""
    strategy_version_id: str | None = Field(
        default=None,
        sa_column=Column(String(40), ForeignKey("strategy_versions.id"), nullable=True),
    )
    """The version that it runs, whatever becomes of the strategy."""

    desired_state: str = Field(max_length=16, index=True)
    """`pool.contract.slots.DesiredState`, or `deleted`."""
    open_trades: str = Field(default="keep", max_length=16)
    """What a stop or a deletion does with open trades: `keep` or `flatten`."""
    generation: int
    """Counts up with every change that the user makes to spec or desired state."""
    restart_requested: int = Field(default=0)
    """Counts up with every restart that the user asks for."""

    pool_id: str | None = Field(
        default=None,
        sa_column=Column(String(40), ForeignKey("pools.id", ondelete="RESTRICT"), nullable=True, index=True),
    )
    epoch: int = Field(default=0)
    """Fencing epoch of the assignment; counts up with every new one."""

    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    updated_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    deleted_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    """When the deletion was carried out; the row stays for the history."""


class BotStatusModel(SQLModel, table=True):
    """Observation. Written by `bots.service.observe` alone."""

    __tablename__ = "bot_statuses"

    bot_id: str = Field(sa_column=Column(String(40), ForeignKey("bots.id", ondelete="CASCADE"), primary_key=True))
    observed_state: str = Field(max_length=16)
    observed_generation: int = 0
    restart_done: int = 0
    """The `restart_requested` that was carried out last."""
    trader_state: str | None = Field(default=None, max_length=32)
    conditions: list[dict[str, Any]] = Field(sa_column=Column(JSON, nullable=False))
    """`pool.contract.slots.Condition` in wire form."""
    slot: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON, nullable=True))
    """Last `pool.contract.slots.Slot` in wire form, without its snapshot."""
    snapshot: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON, nullable=True))
    """Last `pool.contract.snapshots.BotSnapshot` in wire form; kept when the bot stops reporting."""
    snapshot_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    """When the snapshot arrived, by this machine's clock; the bot's own time is its `as_of`."""
    last_seen_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))


class BotEventModel(SQLModel, table=True):
    """A fact from a pool, stored once however often it is told."""

    __tablename__ = "bot_events"
    __table_args__ = (
        UniqueConstraint("bot_id", "run_id", "origin", "seq", name="uq_bot_events_identity"),
        Index("ix_bot_events_bot_number", "bot_id", "number"),
        Index("ix_bot_events_at", "at"),
    )

    number: int | None = Field(
        default=None,
        sa_column=Column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True),
    )
    bot_id: str = Field(sa_column=Column(String(40), ForeignKey("bots.id", ondelete="CASCADE"), nullable=False))
    run_id: str = Field(max_length=64)
    origin: str = Field(max_length=8)
    seq: int
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    type: str = Field(max_length=40)
    data: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))


class IdempotencyModel(SQLModel, table=True):
    """A request that was carried out, kept 24 h, so that it is not carried out again: a create, or a change of a bot's
    capital."""

    __tablename__ = "idempotency_keys"

    owner_id: str = Field(primary_key=True, max_length=40)
    key: str = Field(primary_key=True, max_length=200)
    request_hash: str = Field(max_length=64)
    bot_id: str = Field(max_length=40)
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False, index=True))


def reachable(reach: Reach) -> ColumnElement[bool] | None:
    """His own, and what others share with him at that level; nobody's token for single bots reaches further."""
    bounds: list[ColumnElement[bool]] = []
    if not reach.everybody:
        own = col(BotModel.owner_id) == reach.user_id
        bounds.append(own if reach.level == "own" else or_(own, *_shared(reach)))
    if reach.bot_ids is not None:
        bounds.append(col(BotModel.id).in_(sorted(reach.bot_ids)))
    return and_(*bounds) if bounds else None


def _shared(reach: Reach) -> tuple[ColumnElement[bool], ...]:
    levels = ["view", "operate"] if reach.level == "view" else ["operate"]
    given = (col(ShareModel.grantee_id) == reach.user_id, col(ShareModel.level).in_(levels))
    single = select(ShareModel.what).where(*given, col(ShareModel.what) != PORTFOLIO)
    whole = select(ShareModel.owner_id).where(*given, col(ShareModel.what) == PORTFOLIO)
    return col(BotModel.id).in_(single), col(BotModel.owner_id).in_(whole)


register(BotModel, reachable)
