"""on which Docker daemon the pools are, and of which image each was made

Revision ID: 0006
Revises: 0005
Create Date: 2026-11-21 09:15:00.000000
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("installation", sa.Column("docker_place", sa.String(length=200), nullable=True))
    op.add_column("pools", sa.Column("image_id", sa.String(length=80), nullable=True))


def downgrade() -> None:
    op.drop_column("pools", "image_id")
    op.drop_column("installation", "docker_place")
