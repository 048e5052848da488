"""Many rows at once: COPY on PostgreSQL, one prepared statement on SQLite. Both in the caller's transaction.

`upsert` copies into a temporary table first, since COPY knows no conflicts; a few rows go by one prepared statement,
for a temporary table leaves dead rows in the catalogue. `insert` copies straight into the table. Values are what the
columns' types have in Python; JSON columns take their text as it shall be stored.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Table, Text, column
from sqlalchemy import table as light_table
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.expression import TableClause

from orchestrator.db.types import MoneyColumn

_SQLITE = sqlite.dialect()
_FEW = 200
Row = Sequence[Any]


class Merge(StrEnum):
    """What becomes of a column where the row is there already; columns that are not named take the new value."""

    LEAST = "least"
    GREATEST = "greatest"


async def insert(connection: AsyncConnection, table: TableClause, rows: Sequence[Row]) -> None:
    """Adds rows, values in the order of the table's columns. Raises sqlalchemy.exc.DBAPIError."""
    if not rows:
        return
    names = [one.name for one in table.columns]
    if connection.dialect.name == "postgresql":
        await _copy(connection, table.name, names, rows)
        return
    marks = ", ".join("?" * len(names))
    statement = f"INSERT INTO {_quoted(table.name)} ({_list(names)}) VALUES ({marks})"  # noqa: S608 - own names
    await connection.exec_driver_sql(statement, _for_sqlite(table, rows))


async def upsert(
    connection: AsyncConnection, table: Table, rows: Sequence[Row], merge: Mapping[str, Merge] | None = None
) -> None:
    """Adds rows; where the primary key is there already, its row takes the new values, or what `merge` says. Within
    `rows` a key comes once. Raises sqlalchemy.exc.DBAPIError."""
    if not rows:
        return
    names = [one.name for one in table.columns]
    keys = [one.name for one in table.primary_key]
    postgresql = connection.dialect.name == "postgresql"
    changes = ", ".join(
        f"{_quoted(name)} = {_merged(table, name, (merge or {}).get(name), postgresql)}"
        for name in names
        if name not in keys
    )
    conflict = f"ON CONFLICT ({_list(keys)}) DO UPDATE SET {changes}"
    if not postgresql:
        marks = ", ".join("?" * len(names))
        statement = f"INSERT INTO {_quoted(table.name)} ({_list(names)}) VALUES ({marks}) {conflict}"  # noqa: S608
        await connection.exec_driver_sql(statement, _for_sqlite(table, rows))
        return
    if len(rows) <= _FEW:
        marks = ", ".join(["%s"] * len(names))
        statement = f"INSERT INTO {_quoted(table.name)} ({_list(names)}) VALUES ({marks}) {conflict}"  # noqa: S608
        await connection.exec_driver_sql(statement, [tuple(row) for row in rows])
        return
    staging = f"staging_{table.name}"
    await connection.exec_driver_sql(
        f"CREATE TEMPORARY TABLE {_quoted(staging)} (LIKE {_quoted(table.name)}) ON COMMIT DROP"
    )
    await _copy(connection, staging, names, rows)
    await connection.exec_driver_sql(
        f"INSERT INTO {_quoted(table.name)} ({_list(names)}) "  # noqa: S608 - own names
        f"SELECT {_list(names)} FROM {_quoted(staging)} {conflict}"
    )
    await connection.exec_driver_sql(f"DROP TABLE {_quoted(staging)}")


def plain(table: Table) -> TableClause:
    """The table with its JSON columns as the text that is stored, so that none of it is parsed and written anew."""
    return light_table(
        table.name, *(column(one.name, Text() if isinstance(one.type, JSON) else one.type) for one in table.columns)
    )


async def _copy(connection: AsyncConnection, name: str, names: Sequence[str], rows: Sequence[Row]) -> None:
    import psycopg  # only here: SQLite does without it

    driver = (await connection.get_raw_connection()).driver_connection
    if not isinstance(driver, psycopg.AsyncConnection):
        raise TypeError("rows are copied through psycopg only")
    statement = f"COPY {_quoted(name)} ({_list(names)}) FROM STDIN"
    try:
        async with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                await copy.write_row(row)
    except psycopg.Error as error:  # past SQLAlchemy, so told here as it would tell it
        raise DBAPIError.instance(statement, None, error, psycopg.Error) from error


def _for_sqlite(table: TableClause, rows: Sequence[Row]) -> list[tuple[Any, ...]]:
    """Values as SQLite stores them; exec_driver_sql leaves that to its caller."""
    processors = [
        None if isinstance(one.type, JSON) else one.type.dialect_impl(_SQLITE).bind_processor(_SQLITE)
        for one in table.columns
    ]
    return [
        tuple(value if process is None else process(value) for process, value in zip(processors, row, strict=True))
        for row in rows
    ]


def _merged(table: Table, name: str, merge: Merge | None, postgresql: bool) -> str:
    mine, new = f"{_quoted(table.name)}.{_quoted(name)}", f"excluded.{_quoted(name)}"
    if merge is None:
        return new
    if postgresql:
        return f"{merge.upper()}({mine}, {new})"
    sign = "<" if merge is Merge.LEAST else ">"
    return f"CASE WHEN {_number(table, name, new)} {sign} {_number(table, name, mine)} THEN {new} ELSE {mine} END"


def _number(table: Table, name: str, operand: str) -> str:
    """Money is text on SQLite, and is compared as a number: near enough for the lesser of two."""
    return f"CAST({operand} AS REAL)" if isinstance(table.columns[name].type, MoneyColumn) else operand


def _list(names: Sequence[str]) -> str:
    return ", ".join(_quoted(name) for name in names)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
