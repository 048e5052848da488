"""Users, what they sign in with, and what they share."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, ColumnElement, ForeignKey, Index, String, UniqueConstraint, or_
from sqlmodel import Field, SQLModel, col

from orchestrator.db.tenancy import Reach, register
from orchestrator.db.types import UtcDateTime

PORTFOLIO = "portfolio"
"""What a share of all of somebody's bots is of."""


class UserModel(SQLModel, table=True):
    __tablename__ = "users"

    id: str = Field(primary_key=True, max_length=40)
    username: str = Field(unique=True, max_length=64)
    password_hash: str = Field(max_length=255)
    """Empty for one who has no password, but signs in otherwise."""
    password_given: bool = Field(default=False)
    """Whether an administrator made the password: a session that began with it can do no more than change it."""
    password_generated: bool = Field(default=False)
    """Whether it still is the one that the first start made, and keeps in a file. Written by `users.service` and
    whoever sets a password."""
    role: str = Field(max_length=16)
    """`admin`, `trader` or `viewer`."""
    reporting_currency: str = Field(default="USDT", max_length=16)
    time_zone: str = Field(default="UTC", max_length=64)
    """In which times are told him; of the IANA database."""
    preferences: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    """How the portal looks for him: what he chose, and nothing else (`api.auth.schemas.Preferences`)."""
    set_up_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    """When he finished or skipped the guided set-up; None: it is still offered."""
    max_bots: int | None = Field(default=None)
    """How many bots the user may have; None for no quota."""
    max_memory_bytes: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    """What the user's bots and pools may use in all; None for no quota."""
    may_trade_live: bool = Field(default=False)
    """Whether an administrator lets the user's bots trade with real money."""
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    deactivated_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))


class RefreshTokenModel(SQLModel, table=True):
    """One refresh token, hashed. Tokens of one sign-in share a family; the reuse of a spent one revokes the family."""

    __tablename__ = "refresh_tokens"
    __table_args__ = (
        Index("ix_refresh_tokens_user_expiry", "user_id", "expires_at"),
        Index("ix_refresh_tokens_expiry", "expires_at"),
    )

    id: str = Field(primary_key=True, max_length=40)
    user_id: str = Field(sa_column=Column(String(40), ForeignKey("users.id", ondelete="CASCADE"), nullable=False))
    family_id: str = Field(max_length=40, index=True)
    token_hash: str = Field(unique=True, max_length=64)
    issued_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    expires_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    spent_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    revoked_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))


class SessionModel(SQLModel, table=True):
    """One sign-in: the family of its refresh tokens. Written by `users.sessions`."""

    __tablename__ = "sessions"
    __table_args__ = (Index("ix_sessions_user", "user_id", "created_at"),)

    id: str = Field(primary_key=True, max_length=40)
    """The family of its refresh tokens."""
    user_id: str = Field(sa_column=Column(String(40), ForeignKey("users.id", ondelete="CASCADE"), nullable=False))
    method: str = Field(max_length=16)
    """How it began: `password`, `passkey`, `oidc`, `invitation` or `recovery`."""
    second_factor: str | None = Field(default=None, max_length=16)
    """`totp`, `passkey` or `recovery`; None where none was asked for."""
    address: str = Field(default="", max_length=64)
    """Where it was used last."""
    user_agent: str = Field(default="", max_length=200)
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    last_used_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    expires_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    proved_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    """When its user proved last who he is; what matters much wants that to be minutes ago."""
    revoked_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    revoked_why: str = Field(default="", max_length=40)


class ApiTokenModel(SQLModel, table=True):
    """A personal API token, hashed. Written by `users.api_tokens`."""

    __tablename__ = "api_tokens"
    __table_args__ = (Index("ix_api_tokens_user", "user_id", "created_at"),)

    id: str = Field(primary_key=True, max_length=40)
    user_id: str = Field(sa_column=Column(String(40), ForeignKey("users.id", ondelete="CASCADE"), nullable=False))
    name: str = Field(max_length=64)
    token_hash: str = Field(unique=True, max_length=64)
    """SHA-256, in hexadecimal."""
    scopes: list[str] = Field(sa_column=Column(JSON, nullable=False))
    bot_ids: list[str] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=True))
    """The only bots that it reaches; None: all that its user does."""
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    expires_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    last_used_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    """To within a minute."""
    last_used_address: str = Field(default="", max_length=64)
    revoked_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))


class ShareModel(SQLModel, table=True):
    """What somebody lets somebody else see or steer. Written by `users.sharing`."""

    __tablename__ = "shares"
    __table_args__ = (
        UniqueConstraint("owner_id", "grantee_id", "what", name="uq_shares"),
        Index("ix_shares_grantee", "grantee_id"),
    )

    id: str = Field(primary_key=True, max_length=40)
    owner_id: str = Field(sa_column=Column(String(40), ForeignKey("users.id", ondelete="CASCADE"), nullable=False))
    grantee_id: str = Field(sa_column=Column(String(40), ForeignKey("users.id", ondelete="CASCADE"), nullable=False))
    what: str = Field(max_length=40)
    """A bot's id, or `portfolio`: all bots of the owner, those to come included."""
    level: str = Field(max_length=8)
    """`view` or `operate`."""
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class InvitationModel(SQLModel, table=True):
    """A way for somebody to make himself an account, once. Written by `users.invitations`."""

    __tablename__ = "invitations"

    id: str = Field(primary_key=True, max_length=40)
    token_hash: str = Field(unique=True, max_length=64)
    role: str = Field(max_length=16)
    note: str = Field(default="", max_length=200)
    """For whom, in the words of who invites."""
    created_by: str = Field(max_length=40)
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    expires_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    used_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    used_by: str | None = Field(default=None, max_length=40)
    revoked_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))


def _of_either(reach: Reach) -> ColumnElement[bool] | None:
    """Shares that he gave or got."""
    if reach.everybody and reach.bot_ids is None:
        return None
    return or_(col(ShareModel.owner_id) == reach.user_id, col(ShareModel.grantee_id) == reach.user_id)


register(ShareModel, _of_either)
