"""The audit's tables."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Index, Integer
from sqlmodel import Field, SQLModel

from orchestrator.db.types import UtcDateTime


class AuditModel(SQLModel, table=True):
    """Who did what to what. Append-only, which triggers of the database guard; written by `audit.ledger` alone, at the
    end of the transaction of the act. Each row is a link of its tenant's chain (`audit.chain`)."""

    __tablename__ = "audit"
    __table_args__ = (
        Index("ix_audit_subject", "subject", "number"),
        Index("ix_audit_actor", "actor", "number"),
        Index("ix_audit_tenant", "tenant_id", "number"),
        Index("uq_audit_sequence", "tenant_id", "sequence", unique=True),
    )

    number: int | None = Field(
        default=None,
        sa_column=Column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True),
    )
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    actor: str = Field(max_length=64)
    """User id, or `system`."""
    action: str = Field(max_length=40)
    subject: str = Field(max_length=120)
    """What it was done to: `pool/<id>`, `bot/<id>`, `fleet`."""
    why: str = Field(default="", max_length=500)
    before: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON, nullable=True))
    after: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON, nullable=True))
    tenant_id: str = Field(max_length=64)
    """Whose chain it belongs to: the user whom it concerns, or `fleet`. No foreign key: it outlives everything."""
    sequence: int = Field(sa_column=Column(BigInteger, nullable=False))
    """Its place in that chain, from 1, without holes."""
    prev_hash: str = Field(max_length=64)
    hash: str = Field(max_length=64)


class AuditHeadModel(SQLModel, table=True):
    """Where a tenant's chain ends; whoever adds to it holds this row's lock. Written by `audit.ledger`, sealed for the
    first time by `audit.verify.seal`."""

    __tablename__ = "audit_heads"

    tenant_id: str = Field(primary_key=True, max_length=64)
    count: int = Field(sa_column=Column(BigInteger, nullable=False))
    hash: str = Field(max_length=64)
    key_id: str | None = Field(default=None, max_length=16)
    mac: str | None = Field(default=None, max_length=64)
