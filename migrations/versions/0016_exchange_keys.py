"""exchange keys, sealed

Revision ID: 0016
Revises: 0015
Create Date: 2026-11-21 19:15:00.000000
"""

from collections.abc import Sequence

import sqlalchemy as sa
import sqlmodel
from alembic import op

import orchestrator.db.types

revision: str = "0016"
down_revision: str | None = "0015"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_TEXT = sqlmodel.sql.sqltypes.AutoString
_TIME = orchestrator.db.types.UtcDateTime(timezone=True)
_LIVING = sa.text("removed_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "exchange_keys",
        sa.Column("id", _TEXT(length=40), nullable=False),
        sa.Column("owner_id", sa.String(40), sa.ForeignKey("users.id", ondelete="RESTRICT"), nullable=False),
        sa.Column("exchange", _TEXT(length=40), nullable=False),
        sa.Column("name", _TEXT(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kek_id", _TEXT(length=16), nullable=False),
        sa.Column("wrapped_key", sa.Text(), nullable=False),
        sa.Column("ciphertext", sa.Text(), nullable=False),
        sa.Column("fingerprint", _TEXT(length=32), nullable=False),
        sa.Column("account", _TEXT(length=32), nullable=True),
        sa.Column("permissions", sa.JSON(), nullable=False),
        sa.Column("ip_restricted", sa.Boolean(), nullable=True),
        sa.Column("state", _TEXT(length=16), nullable=False),
        sa.Column("problem", _TEXT(length=500), nullable=True),
        sa.Column("checked_at", _TIME, nullable=False),
        sa.Column("expires_at", _TIME, nullable=True),
        sa.Column("rotate_after", _TIME, nullable=True),
        sa.Column("notices", sa.JSON(), nullable=False),
        sa.Column("last_used_at", _TIME, nullable=True),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.Column("removed_at", _TIME, nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_exchange_keys_kek", "exchange_keys", ["kek_id"])
    for name, columns in {"name": ["name"], "fingerprint": ["fingerprint"], "account": ["exchange", "account"]}.items():
        op.create_index(
            f"uq_exchange_keys_{name}",
            "exchange_keys",
            ["owner_id", *columns],
            unique=True,
            sqlite_where=_LIVING,
            postgresql_where=_LIVING,
        )


def downgrade() -> None:
    op.drop_table("exchange_keys")
