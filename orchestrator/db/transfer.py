"""What copy and restore share: an empty target, rows into it, and proof that what is stored is what was sent."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Table, func, inspect, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from orchestrator.db import bulk, partitions
from orchestrator.db.portable import Digest, Shape, digest_of, line_of, misfit, shape_of
from orchestrator.db.schema import VERSION_TABLE
from orchestrator.errors import Conflict

_PARTITION = re.compile(r"bot_snapshots_\d+(_\d+)?")


class TransferFailed(Conflict):
    """What would be stored is not what was sent, or cannot be stored; nothing stays of it."""


async def table_names(connection: AsyncConnection) -> set[str]:
    """Of all tables in the database but the version's; a table of partitions counts once."""
    return await connection.run_sync(_table_names)


async def refuse_unless_empty(connection: AsyncConnection, versioned: bool) -> None:
    """Raises Conflict where any table has a row, or there are tables that Flotilla did not make."""
    names = await table_names(connection)
    if names and not versioned:
        raise Conflict("The target database holds tables that are not Flotilla's: make a database of its own for it.")
    for name in sorted(names):
        if (await connection.execute(text(f'SELECT 1 FROM "{name}" LIMIT 1'))).first() is not None:  # noqa: S608
            raise Conflict(f"The target database is not empty ({name} has rows): give an empty one.")


async def shapes_of(connection: AsyncConnection, tables: Iterable[Table]) -> list[Shape]:
    """Of these tables, which must be all that the database has, in their order. Raises TransferFailed, so that none is
    ever forgotten."""
    shapes = [shape_of(table) for table in tables]
    refuse_other_tables(await table_names(connection), shapes)
    return shapes


def refuse_other_tables(names: set[str], shapes: Sequence[Shape]) -> None:
    """Raises TransferFailed where the database has other tables than these."""
    differing = sorted(names ^ {shape.name for shape in shapes})
    if differing:
        raise TransferFailed(f"The database's tables are not those of its version: {', '.join(differing)}.")


async def put(connection: AsyncConnection, shape: Shape, chunk: Sequence[Sequence[Any]], digest: Digest) -> None:
    """Stores rows and adds them to the digest. Raises TransferFailed naming a row that the database cannot hold."""
    for row in chunk:
        digest.add(line_of(shape, row))
    if connection.dialect.name == "postgresql":
        for row in chunk:
            problem = misfit(shape, row)
            if problem:
                raise TransferFailed(f"A row cannot be stored in PostgreSQL: {problem}. Mend it and try again.")
        await _make_partitions(connection, shape, chunk)
    await bulk.insert(connection, shape.clause(), chunk)


async def prove(connection: AsyncConnection, shape: Shape, sent: Digest) -> None:
    """Reads back what is stored. Raises TransferFailed where it is not what was sent."""
    stored = await digest_of(connection, shape)
    if stored.rows != sent.rows:
        raise TransferFailed(f"{shape.name}: {sent.rows} rows were sent and {stored.rows} are stored.")
    if stored.checksum != sent.checksum:
        raise TransferFailed(f"{shape.name}: what is stored differs from what was sent (checksum).")


async def count_on(connection: AsyncConnection, shapes: Iterable[Shape]) -> None:
    """Makes PostgreSQL number new rows after the greatest number; SQLite does so by itself."""
    if connection.dialect.name != "postgresql":
        return
    for shape in shapes:
        if shape.counted_by is not None:
            table = shape.clause()
            greatest = (await connection.execute(select(func.max(table.c[shape.counted_by])))).scalar_one()
            if greatest is not None:
                sequence = func.pg_get_serial_sequence(shape.name, shape.counted_by)
                await connection.execute(select(func.setval(sequence, greatest)))


async def _make_partitions(connection: AsyncConnection, shape: Shape, chunk: Sequence[Sequence[Any]]) -> None:
    if shape.name != "bot_snapshots":
        return
    names = [field.name for field in shape.fields]
    seconds, at = names.index("resolution_seconds"), names.index("at")
    spans = {partitions.partition_of(row[seconds], row[at]) for row in chunk}
    await partitions.ensure(connection, [span for span in spans if span is not None])


def _table_names(connection: Connection) -> set[str]:
    names = set(inspect(connection).get_table_names()) - {VERSION_TABLE}
    return {name for name in names if not _PARTITION.fullmatch(name)}
