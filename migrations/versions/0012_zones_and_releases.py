"""in which time zone losses began to be counted, and when an administrator released a bot

Revision ID: 0012
Revises: 0011
Create Date: 2026-11-21 16:00:00.000000
"""

from collections.abc import Sequence

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_TEXT = sqlmodel.sql.sqltypes.AutoString


def upgrade() -> None:
    with op.batch_alter_table("risk_spells") as batch:
        batch.add_column(sa.Column("zone", _TEXT(length=64), nullable=False, server_default="UTC"))
    with op.batch_alter_table("risk_orders") as batch:
        batch.add_column(sa.Column("released_number", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("risk_spells") as batch:
        batch.alter_column("zone", existing_type=_TEXT(length=64), server_default=None)
    with op.batch_alter_table("risk_orders") as batch:
        batch.alter_column("released_number", existing_type=sa.Integer(), server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("risk_orders") as batch:
        batch.drop_column("released_number")
    with op.batch_alter_table("risk_spells") as batch:
        batch.drop_column("zone")
