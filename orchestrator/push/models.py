"""Browsers that want pushes, and what is on its way to them. Written by `service`, `outbox` and `sender` here."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Index, Integer, String
from sqlmodel import Field, SQLModel

from orchestrator.db.types import UtcDateTime


class PushSubscriptionModel(SQLModel, table=True):
    """A browser of a user."""

    __tablename__ = "push_subscriptions"
    __table_args__ = (Index("ix_push_subscriptions_owner", "owner_id", "created_at"),)

    id: str = Field(primary_key=True, max_length=40)
    owner_id: str = Field(sa_column=Column(String(40), ForeignKey("users.id", ondelete="CASCADE"), nullable=False))
    session_id: str = Field(max_length=40)
    """The sign-in by which it was made last; once that is revoked, nothing is pushed."""
    endpoint: str = Field(max_length=2048)
    """URL at the browser's push service; whoever knows it may push, so it is shown to nobody."""
    endpoint_hash: str = Field(unique=True, max_length=64)
    p256dh: str = Field(max_length=100)
    """Public key of the browser, uncompressed point in base64url."""
    auth: str = Field(max_length=32)
    """Secret of the browser, 16 bytes in base64url."""
    kinds: list[str] = Field(sa_column=Column(JSON, nullable=False))
    """`push.kinds.PushKind`."""
    name: str = Field(max_length=100)
    quiet: dict[str, str] | None = Field(default=None, sa_column=Column(JSON, nullable=True))
    """`start`, `end` (HH:MM) and `time_zone`; None for no quiet hours."""
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    sent_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    """When its push service took something last."""
    problem: str | None = Field(default=None, max_length=300)
    """Why the last one did not get there, in a sentence."""


class PushDeliveryModel(SQLModel, table=True):
    """One push to one subscription, until it is sent or given up."""

    __tablename__ = "push_deliveries"
    __table_args__ = (
        Index("ix_push_deliveries_due", "claimed_at", "due_at"),
        Index("ix_push_deliveries_subscription", "subscription_id"),
    )

    number: int | None = Field(
        default=None,
        sa_column=Column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    )
    subscription_id: str = Field(
        sa_column=Column(String(40), ForeignKey("push_subscriptions.id", ondelete="CASCADE"), nullable=False)
    )
    kind: str = Field(max_length=24)
    body: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    """What the browser is told."""
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    due_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    """When it is tried (again)."""
    tries: int = Field(default=0)
    claimed_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    """Since when it may be on its way."""
