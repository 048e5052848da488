"""The table of findings. Written by `findings.service`."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, ForeignKey, Index, String, text
from sqlmodel import Field, SQLModel

from orchestrator.db.tenancy import by_owner
from orchestrator.db.types import UtcDateTime

_OPEN = text("state = 'open'")


class FindingModel(SQLModel, table=True):
    """While it is open, bots of its wallet open no new trades."""

    __tablename__ = "findings"
    __table_args__ = (
        Index(
            "uq_findings_open", "wallet_id", "kind", "subject", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN
        ),
        Index("ix_findings_subject", "wallet_id", "kind", "subject", "first_seen"),
        Index("ix_findings_owner", "owner_id", "first_seen", "id"),
    )  # fmt: skip

    id: str = Field(primary_key=True, max_length=40)
    wallet_id: str = Field(sa_column=Column(String(40), ForeignKey("wallets.id", ondelete="RESTRICT"), nullable=False))
    owner_id: str = Field(max_length=40)
    bot_id: str = Field(default="", max_length=40)
    """Whose order it is about; empty where it is nobody's."""
    kind: str = Field(max_length=24)
    """`findings.kinds.Kind`."""
    subject: str = Field(max_length=200)
    """What it is about: a pair and an order's id, a currency."""
    message: str = Field(max_length=500)
    """What was found, in a sentence."""
    remedy: str = Field(max_length=500)
    evidence: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    """What account and books say, amounts as decimal strings."""
    state: str = Field(max_length=8)
    """`open` or `settled`."""
    first_seen: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    last_seen: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    asked_by: str | None = Field(default=None, max_length=64)
    """Who wants it adopted into the ledger, which the leader does; None where nobody does."""
    asked_why: str | None = Field(default=None, max_length=500)
    settled_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    settled_how: str | None = Field(default=None, max_length=16)
    """`gone`, `adopted` or `acknowledged`."""
    settled_by: str | None = Field(default=None, max_length=64)
    """User id, or `system`."""
    settled_why: str | None = Field(default=None, max_length=500)


by_owner(FindingModel)
