"""history of bots, indexes for what grows

Revision ID: 0003
Revises: 0002
Create Date: 2026-11-21 06:12:00.000000
"""

from collections.abc import Sequence

import sqlalchemy as sa
import sqlmodel
from alembic import op

import orchestrator.db.types

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "bot_snapshots",
        sa.Column("bot_id", sa.String(length=40), nullable=False),
        sa.Column("resolution_seconds", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", orchestrator.db.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("currency", sqlmodel.sql.sqltypes.AutoString(length=16), nullable=False),
        sa.Column("equity", orchestrator.db.types.MoneyColumn(precision=38, scale=18), nullable=False),
        sa.Column("equity_low", orchestrator.db.types.MoneyColumn(precision=38, scale=18), nullable=False),
        sa.Column("equity_high", orchestrator.db.types.MoneyColumn(precision=38, scale=18), nullable=False),
        sa.Column("starting_capital", orchestrator.db.types.MoneyColumn(precision=38, scale=18), nullable=False),
        sa.Column("realised", orchestrator.db.types.MoneyColumn(precision=38, scale=18), nullable=False),
        sa.Column("unrealised", orchestrator.db.types.MoneyColumn(precision=38, scale=18), nullable=False),
        sa.Column("exposure", orchestrator.db.types.MoneyColumn(precision=38, scale=18), nullable=False),
        sa.Column("open_trades", sa.Integer(), nullable=False),
        sa.Column("closed_trades", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("bot_id", "resolution_seconds", "at"),
        postgresql_partition_by="LIST (resolution_seconds)",
    )
    op.create_index("ix_bot_snapshots_age", "bot_snapshots", ["resolution_seconds", "at"], unique=False)
    if op.get_context().dialect.name == "postgresql":
        for seconds in (10, 60, 900):
            op.execute(
                f"CREATE TABLE bot_snapshots_{seconds} PARTITION OF bot_snapshots "
                f"FOR VALUES IN ({seconds}) PARTITION BY RANGE (at)"
            )
        op.execute("CREATE TABLE bot_snapshots_21600 PARTITION OF bot_snapshots FOR VALUES IN (21600)")

    op.drop_index("ix_equity_points_lookup", "equity_points")
    op.create_index("ix_equity_points_age", "equity_points", ["resolution_seconds", "at"], unique=False)
    op.create_index("ix_bot_events_at", "bot_events", ["at"], unique=False)
    op.drop_index("ix_bots_owner_id", "bots")
    op.create_index("ix_bots_owner_created", "bots", ["owner_id", "created_at", "id"], unique=False)
    op.create_index("ix_bots_created", "bots", ["created_at", "id"], unique=False)
    op.drop_index("ix_refresh_tokens_user_id", "refresh_tokens")
    op.create_index("ix_refresh_tokens_user_expiry", "refresh_tokens", ["user_id", "expires_at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_refresh_tokens_user_expiry", "refresh_tokens")
    op.create_index("ix_refresh_tokens_user_id", "refresh_tokens", ["user_id"], unique=False)
    op.drop_index("ix_bots_created", "bots")
    op.drop_index("ix_bots_owner_created", "bots")
    op.create_index("ix_bots_owner_id", "bots", ["owner_id"], unique=False)
    op.drop_index("ix_bot_events_at", "bot_events")
    op.drop_index("ix_equity_points_age", "equity_points")
    op.create_index(
        "ix_equity_points_lookup", "equity_points", ["user_id", "mode", "resolution_seconds", "at"], unique=False
    )
    op.drop_table("bot_snapshots")
