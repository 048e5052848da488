"""accounts of futures beside those of spot

Revision ID: 0020
Revises: 0019
Create Date: 2026-11-21 23:10:00.000000
"""

from collections.abc import Sequence

import sqlalchemy as sa
import sqlmodel
from alembic import op

import orchestrator.db.types

revision: str = "0020"
down_revision: str | None = "0019"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_TEXT = sqlmodel.sql.sqltypes.AutoString
_TIME = orchestrator.db.types.UtcDateTime(timezone=True)
_MONEY = orchestrator.db.types.MoneyColumn(precision=38, scale=18)
_LIVING = sa.text("archived_at IS NULL")


def upgrade() -> None:
    """Wallets of exchange accounts were all of spot."""
    op.add_column("wallets", sa.Column("market", _TEXT(length=8), nullable=True))
    op.execute("UPDATE wallets SET market = 'spot' WHERE kind = 'exchange'")
    _one_wallet_each(["exchange_key_id", "market"])
    op.add_column("ledger_orders", sa.Column("realised", _MONEY, nullable=True))
    op.add_column("account_fills", sa.Column("realised", _MONEY, nullable=True))
    op.create_table(
        "account_incomes",
        sa.Column("wallet_id", sa.String(length=40), nullable=False),
        sa.Column("kind", _TEXT(length=40), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("owner_id", _TEXT(length=40), nullable=False),
        sa.Column("pair", _TEXT(length=64), nullable=False),
        sa.Column("currency", _TEXT(length=24), nullable=False),
        sa.Column("amount", _MONEY, nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("booked", _TEXT(length=40), nullable=False),
        sa.ForeignKeyConstraint(["wallet_id"], ["wallets.id"], ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("wallet_id", "kind", "number"),
    )
    op.create_index("ix_account_incomes_booked", "account_incomes", ["wallet_id", "booked"])
    op.create_index("ix_account_incomes_at", "account_incomes", ["wallet_id", "at"])


def downgrade() -> None:
    """A key has one wallet again: those of futures are taken out of use, and their ledgers stay."""
    op.execute("UPDATE wallets SET archived_at = created_at WHERE market = 'futures' AND archived_at IS NULL")
    op.drop_table("account_incomes")
    op.drop_column("account_fills", "realised")
    op.drop_column("ledger_orders", "realised")
    _one_wallet_each(["exchange_key_id"])
    op.drop_column("wallets", "market")


def _one_wallet_each(columns: list[str]) -> None:
    op.drop_index("uq_wallets_key", "wallets")
    op.create_index("uq_wallets_key", "wallets", columns, unique=True, sqlite_where=_LIVING, postgresql_where=_LIVING)
