"""web push, and levels of the log

Revision ID: 0024
Revises: 0023
Create Date: 2026-11-22 06:40:00.000000
"""

from collections.abc import Sequence

import sqlalchemy as sa
import sqlmodel
from alembic import op

import orchestrator.db.types

revision: str = "0024"
down_revision: str | None = "0023"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_TEXT = sqlmodel.sql.sqltypes.AutoString
_TIME = orchestrator.db.types.UtcDateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "log_levels",
        sa.Column("id", _TEXT(length=16), nullable=False),
        sa.Column("level", _TEXT(length=16), nullable=False),
        sa.Column("modules", sa.JSON(), nullable=False),
        sa.Column("changed_at", _TIME, nullable=False),
        sa.Column("changed_by", _TEXT(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "push_subscriptions",
        sa.Column("id", _TEXT(length=40), nullable=False),
        sa.Column("owner_id", sa.String(length=40), nullable=False),
        sa.Column("session_id", _TEXT(length=40), nullable=False),
        sa.Column("endpoint", _TEXT(length=2048), nullable=False),
        sa.Column("endpoint_hash", _TEXT(length=64), nullable=False),
        sa.Column("p256dh", _TEXT(length=100), nullable=False),
        sa.Column("auth", _TEXT(length=32), nullable=False),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("name", _TEXT(length=100), nullable=False),
        sa.Column("quiet", sa.JSON(), nullable=True),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("sent_at", _TIME, nullable=True),
        sa.Column("problem", _TEXT(length=300), nullable=True),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("endpoint_hash"),
    )
    op.create_index("ix_push_subscriptions_owner", "push_subscriptions", ["owner_id", "created_at"])
    op.create_table(
        "push_deliveries",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("subscription_id", sa.String(length=40), nullable=False),
        sa.Column("kind", _TEXT(length=24), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("due_at", _TIME, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("claimed_at", _TIME, nullable=True),
        sa.ForeignKeyConstraint(["subscription_id"], ["push_subscriptions.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("ix_push_deliveries_due", "push_deliveries", ["claimed_at", "due_at"])
    op.create_index("ix_push_deliveries_subscription", "push_deliveries", ["subscription_id"])


def downgrade() -> None:
    for table in ("push_deliveries", "push_subscriptions", "log_levels"):
        op.drop_table(table)
