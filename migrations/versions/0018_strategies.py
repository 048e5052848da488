"""strategies of one's own, in versions

Revision ID: 0018
Revises: 0017
Create Date: 2026-11-21 19:15:00.000000
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
import sqlmodel
from alembic import op

import orchestrator.db.types
from orchestrator.db.references import add_reference, drop_reference

revision: str = "0018"
down_revision: str | None = "0017"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_LIVING = sa.text("archived_at IS NULL")
_TEXT = sqlmodel.sql.sqltypes.AutoString
_TIME = orchestrator.db.types.UtcDateTime(timezone=True)


def upgrade() -> None:
    _strategies()
    _versions()
    _shares()
    _rollouts()
    add_reference(op, "bots", "strategy_id", "strategies", "fk_bots_strategy")
    add_reference(op, "bots", "strategy_version_id", "strategy_versions", "fk_bots_strategy_version")
    op.create_index("ix_bots_strategy_id", "bots", ["strategy_id"])


def downgrade() -> None:
    op.drop_index("ix_bots_strategy_id", "bots")
    drop_reference(op, "bots", "strategy_version_id", "fk_bots_strategy_version")
    drop_reference(op, "bots", "strategy_id", "fk_bots_strategy")
    for table in ("rollouts", "shares", "tags", "versions", "contents"):
        op.drop_table(f"strategy_{table}")
    op.drop_table("strategies")


def _of(table: str, name: str, rule: str = "RESTRICT") -> sa.Column[str]:
    return sa.Column(name, sa.String(length=40), sa.ForeignKey(f"{table}.id", ondelete=rule), nullable=False)


def _strategies() -> None:
    op.create_table(
        "strategies",
        sa.Column("id", _TEXT(length=40), nullable=False),
        _of("users", "owner_id"),
        sa.Column("name", _TEXT(length=64), nullable=False),
        sa.Column("head", sa.Integer(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.Column("archived_at", _TIME, nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_strategies_owner", "strategies", ["owner_id", "created_at", "id"])
    only_living: dict[str, Any] = {"unique": True, "sqlite_where": _LIVING, "postgresql_where": _LIVING}
    op.create_index("uq_strategies_name", "strategies", ["owner_id", "name"], **only_living)


def _versions() -> None:
    op.create_table(
        "strategy_contents",
        sa.Column("id", _TEXT(length=40), nullable=False),
        _of("strategies", "strategy_id"),
        sa.Column("sha256", _TEXT(length=64), nullable=False),
        sa.Column("class_name", _TEXT(length=100), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("check_state", _TEXT(length=16), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("facts", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("freqtrade", _TEXT(length=32), nullable=True),
        sa.Column("deep", sa.Boolean(), nullable=False),
        sa.Column("waits_for", _TEXT(length=500), nullable=True),
        sa.Column("asked_at", _TIME, nullable=False),
        sa.Column("checked_at", _TIME, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("strategy_id", "sha256", "class_name", name="uq_strategy_contents"),
    )
    op.create_index("ix_strategy_contents_check", "strategy_contents", ["check_state", "asked_at"])
    op.create_table(
        "strategy_versions",
        sa.Column("id", _TEXT(length=40), nullable=False),
        _of("strategies", "strategy_id"),
        sa.Column("number", sa.Integer(), nullable=False),
        _of("strategy_contents", "content_id"),
        sa.Column("note", _TEXT(length=500), nullable=False),
        sa.Column("rolled_back_to", sa.Integer(), nullable=True),
        sa.Column("created_by", _TEXT(length=64), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("strategy_id", "number", name="uq_strategy_versions"),
    )
    op.create_table(
        "strategy_tags",
        _of("strategies", "strategy_id", "CASCADE"),
        sa.Column("name", _TEXT(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("strategy_id", "name"),
    )


def _shares() -> None:
    op.create_table(
        "strategy_shares",
        _of("strategies", "strategy_id", "CASCADE"),
        _of("users", "user_id", "CASCADE"),
        sa.Column("level", _TEXT(length=8), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("strategy_id", "user_id"),
    )
    op.create_index("ix_strategy_shares_user", "strategy_shares", ["user_id"])


def _rollouts() -> None:
    op.create_table(
        "strategy_rollouts",
        sa.Column("id", _TEXT(length=40), nullable=False),
        _of("users", "owner_id"),
        _of("strategies", "strategy_id"),
        _of("strategy_versions", "version_id"),
        sa.Column("state", _TEXT(length=16), nullable=False),
        sa.Column("legs", sa.JSON(), nullable=False),
        sa.Column("problem", _TEXT(length=500), nullable=True),
        sa.Column("wish", _TEXT(length=16), nullable=True),
        sa.Column("actor", _TEXT(length=64), nullable=False),
        sa.Column("why", _TEXT(length=500), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.Column("ended_at", _TIME, nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_strategy_rollouts_owner", "strategy_rollouts", ["owner_id", "created_at", "id"])
    op.create_index("ix_strategy_rollouts_state", "strategy_rollouts", ["state"])
