"""Moves everything from one database to another, SQLite to PostgreSQL or back, with nothing lost.

The source is read in one transaction that sees one moment; the target is migrated and filled in one transaction, read
back, and compared by counts and checksums before that commits. Whatever goes wrong, nothing stays in the target.
"""

from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from orchestrator.db import migrate, schema, transfer
from orchestrator.db.engine import Database
from orchestrator.db.locks import MIGRATION, others_hold_any, try_hold
from orchestrator.db.portable import Digest, Shape, rows
from orchestrator.errors import Conflict

Progress = Callable[[str, int], None]
"""Told of a table and how many of its rows are done."""


@dataclass(frozen=True, slots=True)
class Copied:
    """A table that arrived whole."""

    table: str
    rows: int
    checksum: str


def quiet(_table: str, _rows: int) -> None:
    """Progress that nobody follows."""


async def copy(source: str, target: str, tables: Sequence[Table], progress: Progress = quiet) -> list[Copied]:
    """Copies all `tables`, which come in the order of their foreign keys, between two URLs. No control plane may run on
    either; on SQLite the caller holds the homes' locks. Raises Conflict (not empty, in use, not migrated, not UTF8),
    TransferFailed, DatabaseTooNew, SQLAlchemyError."""
    async with AsyncExitStack() as stack:
        reading, writing = Database(source), Database(target)
        stack.push_async_callback(reading.close)
        stack.push_async_callback(writing.close)
        from_ = await stack.enter_async_context(reader(reading))
        to = await stack.enter_async_context(writing.engine.execution_options(flotilla_writes=True).begin())
        await _refuse_unready(from_)
        await refuse_busy(to, "target")
        await transfer.refuse_unless_empty(to, await schema.current(to) is not None)
        await migrate.upgrade_within(to)
        shapes = await transfer.shapes_of(from_, tables)
        sent = [(shape, await _copy_table(from_, to, shape, progress)) for shape in shapes]
        for shape, digest in sent:
            await transfer.prove(to, shape, digest)
        await transfer.count_on(to, shapes)
    return [Copied(shape.name, digest.rows, digest.checksum) for shape, digest in sent]


def reader(database: Database) -> AsyncConnection:
    """A connection, to be entered, whose one transaction sees one moment of the database throughout."""
    engine = database.engine
    if engine.dialect.name == "postgresql":
        engine = engine.execution_options(isolation_level="REPEATABLE READ")
    return engine.connect()


async def refuse_busy(connection: AsyncConnection, which: str) -> None:
    """Raises Conflict where a control plane, a migration or another copy is at work on the database."""
    if not await try_hold(connection, MIGRATION) or await others_hold_any(connection):
        raise Conflict(f"A control plane runs on the {which} database, or another command changes it: stop it first.")


async def _copy_table(from_: AsyncConnection, to: AsyncConnection, shape: Shape, progress: Progress) -> Digest:
    digest = Digest()
    progress(shape.name, 0)
    async for chunk in rows(from_, shape):
        await transfer.put(to, shape, chunk, digest)
        progress(shape.name, digest.rows)
    return digest


async def _refuse_unready(connection: AsyncConnection) -> None:
    await refuse_busy(connection, "source")
    version = await schema.current(connection)
    if version is None:
        raise Conflict("The source database is empty: there is nothing to copy.")
    if version != schema.head():
        raise Conflict(
            f"The source database is at version {version}, this Flotilla at {schema.head()}: run `flotilla migrate` "
            "on it first, or install the Flotilla that wrote it."
        )
