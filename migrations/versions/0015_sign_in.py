"""second factors, passkeys, single sign-on

Revision ID: 0015
Revises: 0014
Create Date: 2026-11-21 19:15:00.000000
"""

from collections.abc import Sequence

import sqlalchemy as sa
import sqlmodel
from alembic import op

import orchestrator.db.types

revision: str = "0015"
down_revision: str | None = "0014"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_TEXT = sqlmodel.sql.sqltypes.AutoString
_TIME = orchestrator.db.types.UtcDateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "totp",
        _user(),
        sa.Column("kek_id", _TEXT(length=16), nullable=False),
        sa.Column("wrapped_key", _TEXT(length=200), nullable=False),
        sa.Column("ciphertext", _TEXT(length=200), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("confirmed_at", _TIME, nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("user_id"),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("id", _TEXT(length=40), nullable=False),
        _user(),
        sa.Column("code_hash", _TEXT(length=64), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("used_at", _TIME, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("user_id", "code_hash", name="uq_recovery_codes"),
    )
    op.create_table(
        "passkeys",
        sa.Column("id", _TEXT(length=40), nullable=False),
        _user(),
        sa.Column("name", _TEXT(length=64), nullable=False),
        sa.Column("credential_id", _TEXT(length=1400), nullable=False),
        sa.Column("public_key", _TEXT(length=4000), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("backed_up", sa.Boolean(), nullable=False),
        sa.Column("transports", sa.JSON(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("last_used_at", _TIME, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("credential_id"),
    )
    op.create_index("ix_passkeys_user", "passkeys", ["user_id", "created_at"])
    op.create_table(
        "identities",
        sa.Column("id", _TEXT(length=40), nullable=False),
        _user(),
        sa.Column("provider", _TEXT(length=40), nullable=False),
        sa.Column("issuer", _TEXT(length=255), nullable=False),
        sa.Column("subject", _TEXT(length=255), nullable=False),
        sa.Column("name", _TEXT(length=254), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("last_used_at", _TIME, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("issuer", "subject", name="uq_identities"),
    )
    op.create_index("ix_identities_user", "identities", ["user_id"])


def downgrade() -> None:
    for table in ("identities", "passkeys", "recovery_codes", "totp"):
        op.drop_table(table)


def _user() -> sa.Column[str]:
    return sa.Column("user_id", sa.String(40), sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False)
