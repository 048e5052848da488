"""the guided set-up, and what somebody prefers

Revision ID: 0023
Revises: 0022
Create Date: 2026-11-22 06:30:00.000000
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from orchestrator.db.types import UtcDateTime

revision: str = "0023"
down_revision: str | None = "0022"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_AT_THE_FIRST_START = """
UPDATE users SET set_up_at = NULL, password_generated = true
WHERE username = 'admin' AND role = 'admin' AND (SELECT count(*) FROM users) = 1 AND NOT EXISTS (
    SELECT 1 FROM audit
    WHERE audit.subject = 'user/' || users.id AND audit.action IN ('user.set_password', 'user.reset_password')
)
"""


def upgrade() -> None:
    """Whoever is there already found his way: only an admin who is alone and never changed his password is asked."""
    op.add_column("users", sa.Column("password_generated", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("users", sa.Column("time_zone", sa.String(64), nullable=False, server_default="UTC"))
    op.add_column("users", sa.Column("preferences", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("users", sa.Column("set_up_at", UtcDateTime(), nullable=True))
    op.execute("UPDATE users SET set_up_at = created_at")
    op.execute(_AT_THE_FIRST_START)


def downgrade() -> None:
    for name in ("set_up_at", "preferences", "time_zone", "password_generated"):
        op.drop_column("users", name)
