"""Tables of risk: what binds bots (`halts`), what they were ordered (`risk_orders`), what losses are measured from
(`risk_spells`), and what the leader last knew of permissions (`risk_readings`)."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, Column, ForeignKey, Index, String, text
from sqlmodel import Field, SQLModel

from orchestrator.db.types import MoneyColumn, UtcDateTime

_IN_FORCE = text("released_at IS NULL")


class HaltModel(SQLModel, table=True):
    """Binds a bot, a user's bots or all bots until it is released. Written by `risk.halts`; never deleted."""

    __tablename__ = "halts"
    __table_args__ = (
        Index("ix_halts_in_force", "id", sqlite_where=_IN_FORCE, postgresql_where=_IN_FORCE),
        Index("ix_halts_subject", "scope", "subject", "at"),
    )

    id: str = Field(primary_key=True, max_length=40)
    scope: str = Field(max_length=8)
    """`fleet`, `user` or `bot`."""
    subject: str = Field(max_length=40)
    """Id of the bot or user; empty for the fleet."""
    trading: str | None = Field(default=None, max_length=8)
    """`dry` or `live` where only those bots of the subject are bound."""
    mode: str = Field(max_length=16)
    """`pool.contract.risk.Mode`: `reducing` or `halted`."""
    flatten: bool = False
    reduce_fraction: Decimal | None = Field(default=None, sa_column=Column(MoneyColumn, nullable=True))
    """Close so much of each open trade, once."""
    source: str = Field(max_length=16)
    """`manual`, `loss_limit` or `emergency`."""
    rule: str = Field(default="", max_length=64)
    """Of a loss limit, `<scope>.<window>.<response>`."""
    why: str = Field(default="", max_length=500)
    by: str = Field(max_length=64)
    """User id, or `system`."""
    admins_only: bool = False
    """An administrator put it on somebody else, or a guardrail demands the loss limit that did: nobody else releases
    it."""
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    release_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    """When it ends by itself; None for by hand."""
    released_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    released_by: str | None = Field(default=None, max_length=64)
    released_why: str | None = Field(default=None, max_length=500)


class RiskOrderModel(SQLModel, table=True):
    """What a bot was ordered last. Written by `risk.orders.settle` and, for a release, `risk.halts.release`."""

    __tablename__ = "risk_orders"

    bot_id: str = Field(sa_column=Column(String(40), ForeignKey("bots.id", ondelete="CASCADE"), primary_key=True))
    number: int
    """Counts up with every change, whoever leads."""
    mode: str = Field(max_length=16)
    flatten: bool = False
    reduce_fraction: Decimal | None = Field(default=None, sa_column=Column(MoneyColumn, nullable=True))
    reduced: list[str] = Field(sa_column=Column(JSON, nullable=False))
    """Ids of halts in force whose reduction was ordered already."""
    why: str = Field(default="", max_length=500)
    released_number: int = 0
    """The number under which an administrator released the bot last. Written by `risk.halts.release`."""


class RiskSpellModel(SQLModel, table=True):
    """A `pool.rules.losses.Spell`. Written by `risk.losses`."""

    __tablename__ = "risk_spells"

    subject: str = Field(primary_key=True, max_length=40)
    """Id of a bot or user."""
    trading: str = Field(primary_key=True, max_length=8)
    """`dry` or `live`."""
    window: str = Field(primary_key=True, max_length=16)
    response: str = Field(primary_key=True, max_length=16)
    """Of the limits that look at it."""
    currency: str = Field(max_length=16)
    begun_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    base: Decimal = Field(sa_column=Column(MoneyColumn, nullable=False))
    gain: Decimal = Field(sa_column=Column(MoneyColumn, nullable=False))
    best: Decimal = Field(sa_column=Column(MoneyColumn, nullable=False))
    members: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    """Profit by bot, as decimal strings."""
    measured_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    zone: str = Field(default="UTC", max_length=64)
    """Time zone in which it began."""


class RiskReadingModel(SQLModel, table=True):
    """What the leader knows of a user's permissions in its memory, for whoever answers for it. Written by
    `risk.readings`."""

    __tablename__ = "risk_readings"

    user_id: str = Field(sa_column=Column(String(40), ForeignKey("users.id", ondelete="CASCADE"), primary_key=True))
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    body: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
