"""Users and their sign-in sessions."""

from datetime import datetime

from sqlalchemy import BigInteger, Column, ForeignKey, Index, String
from sqlmodel import Field, SQLModel

from orchestrator.db.types import UtcDateTime


class UserModel(SQLModel, table=True):
    __tablename__ = "users"

    id: str = Field(primary_key=True, max_length=40)
    username: str = Field(unique=True, max_length=64)
    password_hash: str = Field(max_length=255)
    role: str = Field(max_length=16)
    """`admin` or `trader`."""
    reporting_currency: str = Field(default="USDT", max_length=16)
    max_bots: int | None = Field(default=None)
    """How many bots the user may have; None for no quota."""
    max_memory_bytes: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    """What the user's bots and pools may use in all; None for no quota."""
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    deactivated_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))


class RefreshTokenModel(SQLModel, table=True):
    """One refresh token, hashed. Tokens of one sign-in share a family; the reuse of a spent one revokes the family."""

    __tablename__ = "refresh_tokens"
    __table_args__ = (Index("ix_refresh_tokens_user_expiry", "user_id", "expires_at"),)

    id: str = Field(primary_key=True, max_length=40)
    user_id: str = Field(sa_column=Column(String(40), ForeignKey("users.id", ondelete="CASCADE"), nullable=False))
    family_id: str = Field(max_length=40, index=True)
    token_hash: str = Field(unique=True, max_length=64)
    issued_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    expires_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    spent_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    revoked_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
