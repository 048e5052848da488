"""The policies' table."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Index, Integer, String
from sqlmodel import Field, SQLModel

from orchestrator.db.types import UtcDateTime


class PolicyVersionModel(SQLModel, table=True):
    """One version of one document, whole. Append-only; written by `policies.service` alone. The one in force of a
    subject is that of the highest version."""

    __tablename__ = "policy_versions"
    __table_args__ = (Index("uq_policy_versions_subject", "subject", "version", unique=True),)

    number: int | None = Field(
        default=None,
        sa_column=Column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True),
    )
    subject: str = Field(max_length=64)
    """Whose versions are counted together: `default/<user id>`, `override/<bot id>` or `guardrails`."""
    version: int
    """From 1, without holes."""
    kind: str = Field(max_length=16)
    """`default`, `override` or `guardrails`."""
    owner_id: str | None = Field(
        default=None, sa_column=Column(String(40), ForeignKey("users.id", ondelete="RESTRICT"), nullable=True)
    )
    """Of the default, or of the bot; None for guardrails."""
    bot_id: str | None = Field(
        default=None, sa_column=Column(String(40), ForeignKey("bots.id", ondelete="RESTRICT"), nullable=True)
    )
    """For overrides."""
    document: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON, nullable=True))
    """What was given, as JSON has it; None from when an override was deleted."""
    reverted_from: int | None = Field(default=None)
    """The version whose content this one brought back."""
    actor: str = Field(max_length=64)
    why: str = Field(default="", max_length=500)
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
