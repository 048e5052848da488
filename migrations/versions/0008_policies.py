"""versions of policies

Revision ID: 0008
Revises: 0007
Create Date: 2026-11-21 12:40:00.000000
"""

from collections.abc import Sequence

import sqlalchemy as sa
import sqlmodel
from alembic import op

import orchestrator.db.types

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "policy_versions",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("subject", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(length=16), nullable=False),
        sa.Column("owner_id", sa.String(length=40), nullable=True),
        sa.Column("bot_id", sa.String(length=40), nullable=True),
        sa.Column("document", sa.JSON(), nullable=True),
        sa.Column("reverted_from", sa.Integer(), nullable=True),
        sa.Column("actor", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("why", sqlmodel.sql.sqltypes.AutoString(length=500), nullable=False),
        sa.Column("at", orchestrator.db.types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["bot_id"], ["bots.id"], ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("uq_policy_versions_subject", "policy_versions", ["subject", "version"], unique=True)


def downgrade() -> None:
    op.drop_index("uq_policy_versions_subject", "policy_versions")
    op.drop_table("policy_versions")
