"""passwords that an administrator gave

Revision ID: 0021
Revises: 0020
Create Date: 2026-11-21 23:15:00.000000
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0021"
down_revision: str | None = "0020"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Nobody who is there already must change his: who made it was not kept."""
    op.add_column("users", sa.Column("password_given", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    op.drop_column("users", "password_given")
