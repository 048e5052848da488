"""an exchange account is one user's

Revision ID: 0022
Revises: 0021
Create Date: 2026-11-22 03:40:00.000000
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0022"
down_revision: str | None = "0021"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_LIVING = sa.text("removed_at IS NULL")
_COLUMNS = {"fingerprint": ["fingerprint"], "account": ["exchange", "account"]}


def upgrade() -> None:
    """Raises RuntimeError where two users have keys of one account: which of them keeps it is for people to say."""
    if not op.get_context().as_sql:  # as text there are no keys
        _refuse_doubles(op.get_bind())
    for name, columns in _COLUMNS.items():
        _remake(name, columns)


def downgrade() -> None:
    for name, columns in _COLUMNS.items():
        _remake(name, ["owner_id", *columns])


def _refuse_doubles(connection: sa.Connection) -> None:
    twice = sa.text(
        "SELECT min(id), max(id) FROM exchange_keys WHERE removed_at IS NULL"
        " GROUP BY exchange, coalesce(account, fingerprint) HAVING count(*) > 1"
    )
    found = connection.execute(twice).first()
    if found is not None:
        raise RuntimeError(
            f"The exchange keys {found[0]} and {found[1]} are of one account, whose money is counted twice: start the "
            "former version, stop the live bots of one of them, remove that key, and upgrade again."
        )


def _remake(name: str, columns: list[str]) -> None:
    index = f"uq_exchange_keys_{name}"
    op.drop_index(index, table_name="exchange_keys")
    op.create_index(index, "exchange_keys", columns, unique=True, sqlite_where=_LIVING, postgresql_where=_LIVING)
