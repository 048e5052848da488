"""Columns that refer to another table, added to one that is there already, for migrations.

On SQLite Alembic would make the table anew and drop the old one, which deletes its rows first and with them, by their
own foreign keys, what belongs to them. SQLite adds and drops such a column by itself.
"""

import sqlalchemy as sa
from alembic.operations import Operations

_LENGTH = 40


def add_reference(op: Operations, table: str, column: str, target: str, name: str) -> None:
    """A column that may be null and refers to the identity of `target`, which then cannot be removed."""
    if op.get_context().dialect.name == "sqlite":
        op.execute(f"ALTER TABLE {table} ADD COLUMN {column} VARCHAR({_LENGTH}) REFERENCES {target} (id)")
        return
    op.add_column(table, sa.Column(column, sa.String(length=_LENGTH), nullable=True))
    op.create_foreign_key(name, table, target, [column], ["id"])


def drop_reference(op: Operations, table: str, column: str, name: str) -> None:
    """Takes it away again."""
    if op.get_context().dialect.name != "sqlite":
        op.drop_constraint(name, table, type_="foreignkey")
        op.drop_column(table, column)
        return
    op.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
