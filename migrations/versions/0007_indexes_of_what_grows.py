"""indexes for bots that were not deleted, acts of one actor, and tokens that expired

Revision ID: 0007
Revises: 0006
Create Date: 2026-11-21 09:40:00.000000
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    living = sa.text("deleted_at IS NULL")
    op.create_index("ix_bots_living", "bots", ["id"], sqlite_where=living, postgresql_where=living)
    op.create_index("ix_audit_actor", "audit", ["actor", "number"])
    op.create_index("ix_refresh_tokens_expiry", "refresh_tokens", ["expires_at"])


def downgrade() -> None:
    op.drop_index("ix_refresh_tokens_expiry", "refresh_tokens")
    op.drop_index("ix_audit_actor", "audit")
    op.drop_index("ix_bots_living", "bots")
