"""what binds bots, what they were ordered, what losses are measured from

Revision ID: 0009
Revises: 0008
Create Date: 2026-11-21 12:45:00.000000
"""

from collections.abc import Sequence

import sqlalchemy as sa
import sqlmodel
from alembic import op

import orchestrator.db.types

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_TEXT = sqlmodel.sql.sqltypes.AutoString
_TIME = orchestrator.db.types.UtcDateTime(timezone=True)
_MONEY = orchestrator.db.types.MoneyColumn(precision=38, scale=18)


def upgrade() -> None:
    op.create_table(
        "halts",
        sa.Column("id", _TEXT(length=40), nullable=False),
        sa.Column("scope", _TEXT(length=8), nullable=False),
        sa.Column("subject", _TEXT(length=40), nullable=False),
        sa.Column("trading", _TEXT(length=8), nullable=True),
        sa.Column("mode", _TEXT(length=16), nullable=False),
        sa.Column("flatten", sa.Boolean(), nullable=False),
        sa.Column("reduce_fraction", _MONEY, nullable=True),
        sa.Column("source", _TEXT(length=16), nullable=False),
        sa.Column("rule", _TEXT(length=64), nullable=False),
        sa.Column("why", _TEXT(length=500), nullable=False),
        sa.Column("by", _TEXT(length=64), nullable=False),
        sa.Column("admins_only", sa.Boolean(), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("release_at", _TIME, nullable=True),
        sa.Column("released_at", _TIME, nullable=True),
        sa.Column("released_by", _TEXT(length=64), nullable=True),
        sa.Column("released_why", _TEXT(length=500), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    in_force = sa.text("released_at IS NULL")
    op.create_index("ix_halts_in_force", "halts", ["id"], sqlite_where=in_force, postgresql_where=in_force)
    op.create_index("ix_halts_subject", "halts", ["scope", "subject", "at"])
    op.create_table(
        "risk_orders",
        sa.Column("bot_id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("mode", _TEXT(length=16), nullable=False),
        sa.Column("flatten", sa.Boolean(), nullable=False),
        sa.Column("reduce_fraction", _MONEY, nullable=True),
        sa.Column("reduced", sa.JSON(), nullable=False),
        sa.Column("why", _TEXT(length=500), nullable=False),
        sa.ForeignKeyConstraint(["bot_id"], ["bots.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("bot_id"),
    )
    op.create_table(
        "risk_spells",
        sa.Column("subject", _TEXT(length=40), nullable=False),
        sa.Column("trading", _TEXT(length=8), nullable=False),
        sa.Column("window", _TEXT(length=16), nullable=False),
        sa.Column("currency", _TEXT(length=16), nullable=False),
        sa.Column("begun_at", _TIME, nullable=False),
        sa.Column("base", _MONEY, nullable=False),
        sa.Column("gain", _MONEY, nullable=False),
        sa.Column("best", _MONEY, nullable=False),
        sa.Column("members", sa.JSON(), nullable=False),
        sa.Column("measured_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("subject", "trading", "window"),
    )
    op.create_table(
        "risk_readings",
        sa.Column("user_id", sa.String(length=40), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id"),
    )


def downgrade() -> None:
    op.drop_table("risk_readings")
    op.drop_table("risk_spells")
    op.drop_table("risk_orders")
    op.drop_index("ix_halts_subject", "halts")
    op.drop_index("ix_halts_in_force", "halts")
    op.drop_table("halts")
