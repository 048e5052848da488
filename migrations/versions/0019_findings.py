"""what exchange accounts and bots' books differ in

Revision ID: 0019
Revises: 0018
Create Date: 2026-11-21 19:15:00.000000
"""

from collections.abc import Sequence

import sqlalchemy as sa
import sqlmodel
from alembic import op

import orchestrator.db.types

revision: str = "0019"
down_revision: str | None = "0018"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_TEXT = sqlmodel.sql.sqltypes.AutoString
_TIME = orchestrator.db.types.UtcDateTime(timezone=True)
_MONEY = orchestrator.db.types.MoneyColumn(precision=38, scale=18)


def upgrade() -> None:
    _make_findings()
    op.create_table(
        "bot_books",
        sa.Column("bot_id", sa.String(length=40), nullable=False),
        sa.Column("mode", _TEXT(length=8), nullable=False),
        sa.Column("owner_id", _TEXT(length=40), nullable=False),
        sa.Column("database", _TEXT(length=64), nullable=False),
        sa.Column("settled", _TEXT(length=40), nullable=False),
        sa.Column("read_at", _TIME, nullable=True),
        sa.Column("problem", _TEXT(length=500), nullable=True),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["bot_id"], ["bots.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("bot_id", "mode"),
    )
    _make_accounts()


def downgrade() -> None:
    for table in ("account_readings", "account_fills", "account_orders", "bot_books", "findings"):
        op.drop_table(table)


def _make_findings() -> None:
    op.create_table(
        "findings",
        sa.Column("id", _TEXT(length=40), nullable=False),
        sa.Column("wallet_id", sa.String(length=40), nullable=False),
        sa.Column("owner_id", _TEXT(length=40), nullable=False),
        sa.Column("bot_id", _TEXT(length=40), nullable=False),
        sa.Column("kind", _TEXT(length=24), nullable=False),
        sa.Column("subject", _TEXT(length=200), nullable=False),
        sa.Column("message", _TEXT(length=500), nullable=False),
        sa.Column("remedy", _TEXT(length=500), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("state", _TEXT(length=8), nullable=False),
        sa.Column("first_seen", _TIME, nullable=False),
        sa.Column("last_seen", _TIME, nullable=False),
        sa.Column("asked_by", _TEXT(length=64), nullable=True),
        sa.Column("asked_why", _TEXT(length=500), nullable=True),
        sa.Column("settled_at", _TIME, nullable=True),
        sa.Column("settled_how", _TEXT(length=16), nullable=True),
        sa.Column("settled_by", _TEXT(length=64), nullable=True),
        sa.Column("settled_why", _TEXT(length=500), nullable=True),
        sa.ForeignKeyConstraint(["wallet_id"], ["wallets.id"], ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id"),
    )
    is_open = sa.text("state = 'open'")
    subject = ["wallet_id", "kind", "subject"]
    op.create_index(
        "uq_findings_open", "findings", subject, unique=True, sqlite_where=is_open, postgresql_where=is_open
    )
    op.create_index("ix_findings_subject", "findings", [*subject, "first_seen"])
    op.create_index("ix_findings_owner", "findings", ["owner_id", "first_seen", "id"])


def _make_accounts() -> None:
    op.create_table(
        "account_orders",
        sa.Column("wallet_id", sa.String(length=40), nullable=False),
        sa.Column("pair", _TEXT(length=64), nullable=False),
        sa.Column("order_id", _TEXT(length=255), nullable=False),
        sa.Column("owner_id", _TEXT(length=40), nullable=False),
        sa.Column("bot_id", _TEXT(length=40), nullable=False),
        sa.Column("trade_id", sa.BigInteger(), nullable=True),
        sa.Column("purpose", _TEXT(length=8), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("filled", _MONEY, nullable=False),
        sa.Column("told_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(["wallet_id"], ["wallets.id"], ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("wallet_id", "pair", "order_id"),
    )
    op.create_index("ix_account_orders_bot", "account_orders", ["bot_id"])
    op.create_table(
        "account_fills",
        sa.Column("wallet_id", sa.String(length=40), nullable=False),
        sa.Column("pair", _TEXT(length=64), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("owner_id", _TEXT(length=40), nullable=False),
        sa.Column("order_id", _TEXT(length=255), nullable=False),
        sa.Column("side", _TEXT(length=8), nullable=False),
        sa.Column("amount", _MONEY, nullable=False),
        sa.Column("cost", _MONEY, nullable=False),
        sa.Column("fee", _MONEY, nullable=False),
        sa.Column("fee_currency", _TEXT(length=24), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("booked", _TEXT(length=40), nullable=False),
        sa.ForeignKeyConstraint(["wallet_id"], ["wallets.id"], ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("wallet_id", "pair", "number"),
    )
    op.create_index("ix_account_fills_order", "account_fills", ["wallet_id", "pair", "order_id"])
    op.create_index("ix_account_fills_booked", "account_fills", ["wallet_id", "booked"])
    op.create_index("ix_account_fills_at", "account_fills", ["wallet_id", "at"])
    op.create_table(
        "account_readings",
        sa.Column("wallet_id", sa.String(length=40), nullable=False),
        sa.Column("owner_id", _TEXT(length=40), nullable=False),
        sa.Column("opened_at", _TIME, nullable=True),
        sa.Column("read_at", _TIME, nullable=True),
        sa.Column("agreed_at", _TIME, nullable=True),
        sa.Column("balances", sa.JSON(), nullable=False),
        sa.Column("positions", sa.JSON(), nullable=False),
        sa.Column("problem", _TEXT(length=500), nullable=True),
        sa.ForeignKeyConstraint(["wallet_id"], ["wallets.id"], ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("wallet_id"),
    )
