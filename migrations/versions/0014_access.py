"""sessions, API tokens, shares, invitations; who may trade live

Revision ID: 0014
Revises: 0013
Create Date: 2026-11-21 19:15:00.000000
"""

from collections.abc import Sequence

import sqlalchemy as sa
import sqlmodel
from alembic import op

import orchestrator.db.types

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_TEXT = sqlmodel.sql.sqltypes.AutoString
_TIME = orchestrator.db.types.UtcDateTime(timezone=True)


def upgrade() -> None:
    op.add_column("users", sa.Column("may_trade_live", sa.Boolean(), nullable=False, server_default=sa.false()))
    _sessions()
    _api_tokens()
    _shares()
    _invitations()


def downgrade() -> None:
    for table in ("invitations", "shares", "api_tokens", "sessions"):
        op.drop_table(table)
    op.drop_column("users", "may_trade_live")


def _user(name: str = "user_id") -> sa.Column[str]:
    return sa.Column(name, sa.String(40), sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False)


def _sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", _TEXT(length=40), nullable=False),
        _user(),
        sa.Column("method", _TEXT(length=16), nullable=False),
        sa.Column("second_factor", _TEXT(length=16), nullable=True),
        sa.Column("address", _TEXT(length=64), nullable=False),
        sa.Column("user_agent", _TEXT(length=200), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("last_used_at", _TIME, nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.Column("proved_at", _TIME, nullable=False),
        sa.Column("revoked_at", _TIME, nullable=True),
        sa.Column("revoked_why", _TEXT(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_sessions_user", "sessions", ["user_id", "created_at"])
    # Who is signed in stays so.
    op.execute(
        "INSERT INTO sessions (id, user_id, method, address, user_agent, created_at, last_used_at, expires_at,"
        " proved_at, revoked_why) SELECT family_id, user_id, 'password', '', '', min(issued_at), max(issued_at),"
        " max(expires_at), min(issued_at), '' FROM refresh_tokens WHERE revoked_at IS NULL GROUP BY family_id, user_id"
    )


def _api_tokens() -> None:
    op.create_table(
        "api_tokens",
        sa.Column("id", _TEXT(length=40), nullable=False),
        _user(),
        sa.Column("name", _TEXT(length=64), nullable=False),
        sa.Column("token_hash", _TEXT(length=64), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("bot_ids", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("expires_at", _TIME, nullable=True),
        sa.Column("last_used_at", _TIME, nullable=True),
        sa.Column("last_used_address", _TEXT(length=64), nullable=False),
        sa.Column("revoked_at", _TIME, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token_hash"),
    )
    op.create_index("ix_api_tokens_user", "api_tokens", ["user_id", "created_at"])


def _shares() -> None:
    op.create_table(
        "shares",
        sa.Column("id", _TEXT(length=40), nullable=False),
        _user("owner_id"),
        _user("grantee_id"),
        sa.Column("what", _TEXT(length=40), nullable=False),
        sa.Column("level", _TEXT(length=8), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("owner_id", "grantee_id", "what", name="uq_shares"),
    )
    op.create_index("ix_shares_grantee", "shares", ["grantee_id"])


def _invitations() -> None:
    op.create_table(
        "invitations",
        sa.Column("id", _TEXT(length=40), nullable=False),
        sa.Column("token_hash", _TEXT(length=64), nullable=False),
        sa.Column("role", _TEXT(length=16), nullable=False),
        sa.Column("note", _TEXT(length=200), nullable=False),
        sa.Column("created_by", _TEXT(length=40), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.Column("used_at", _TIME, nullable=True),
        sa.Column("used_by", _TEXT(length=40), nullable=True),
        sa.Column("revoked_at", _TIME, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token_hash"),
    )
