"""the audit's register: one head over the chains of all tenants

Revision ID: 0011
Revises: 0010
Create Date: 2026-11-21 15:55:00.000000
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from orchestrator.audit.chain import REGISTER, Register

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_ROWS = sa.text("SELECT hash FROM audit ORDER BY number")
_ADD = sa.text("INSERT INTO audit_heads (tenant_id, count, hash) VALUES (:tenant, :count, :hash)")


def upgrade() -> None:
    """Over the rows that are there. Without a seal. Where no head is sealed yet the control plane seals all at its next
    start; where heads are, this one is new and `flotilla audit seal` is for a person to say, once."""
    if op.get_context().as_sql:  # as text there are no rows: the first act begins the register
        return
    connection = op.get_bind()
    register = Register()
    for row in connection.execute(_ROWS):
        register.take(row.hash)
    if register.rows:
        connection.execute(_ADD, {"tenant": REGISTER, "count": register.rows, "hash": register.hash})


def downgrade() -> None:
    op.execute(sa.text("DELETE FROM audit_heads WHERE tenant_id = :tenant").bindparams(tenant=REGISTER))
