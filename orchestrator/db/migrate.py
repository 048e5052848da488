"""Migrations, run by the program itself: `upgrade(url)` brings a database to the newest version in one transaction.
Processes that start at once do it one after another: under an advisory lock on PostgreSQL, a lock on the directory of a
SQLite file, whose very first connections would else fail over who makes it.

The versions live in `migrations/` beside this package, in a checkout as in an installed one. Developers write the next
one with `python -m orchestrator.db.migrate "why"`, which compares the models with a fresh, fully migrated database.
"""

import asyncio
import fcntl
import io
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, make_url
from sqlalchemy.ext.asyncio import AsyncConnection

from orchestrator.db import encoding
from orchestrator.db.engine import Database
from orchestrator.db.locks import MIGRATION, hold

SCRIPTS = Path(__file__).resolve().parents[2] / "migrations"


class DatabaseTooNew(Exception):
    """The database was written by a newer Flotilla than this one."""


@dataclass(frozen=True, slots=True)
class Migrated:
    """The version before, None for an empty database, and after."""

    before: str | None
    after: str | None


async def upgrade(url: str) -> Migrated:
    """Up to the newest version; does nothing where it is there already. Raises Conflict (see `db.encoding`),
    DatabaseTooNew, OSError, and `sqlalchemy.exc.DBAPIError` where the database cannot be read or written."""
    async with _one_after_another(url):
        database = Database(url)
        try:
            async with database.engine.execution_options(flotilla_writes=True).begin() as connection:
                await hold(connection, MIGRATION)
                return await upgrade_within(connection)
        finally:
            await database.close()


async def upgrade_within(connection: AsyncConnection, revision: str = "head") -> Migrated:
    """The same in the caller's transaction, up to a version. Raises Conflict, DatabaseTooNew, DBAPIError."""
    await encoding.refuse_other(connection)
    before = await current(connection)
    await connection.run_sync(_upgrade, revision)
    return Migrated(before, await current(connection))


async def current(connection: AsyncConnection) -> str | None:
    """The version that the database is at; None where it was never migrated."""
    return await connection.run_sync(_current)


def sql(dialect: str) -> str:
    """The statements of all versions as text, without a database; `dialect` for example `postgresql`."""
    buffer = io.StringIO()
    config = _config(output_buffer=buffer)
    config.attributes["dialect"] = dialect
    command.upgrade(config, "head", sql=True)
    return buffer.getvalue()


def head() -> str | None:
    """The newest version that this Flotilla knows."""
    return ScriptDirectory(str(SCRIPTS)).get_current_head()


@asynccontextmanager
async def _one_after_another(url: str) -> AsyncIterator[None]:
    place = make_url(url)
    if place.get_backend_name() != "sqlite" or not place.database or place.database == ":memory:":
        yield
        return
    directory = _open_directory(place.database)
    try:
        await asyncio.to_thread(fcntl.flock, directory, fcntl.LOCK_EX)
        yield
    finally:
        os.close(directory)


def _open_directory(file: str) -> int:
    return os.open(Path(file).absolute().parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _upgrade(connection: Connection, revision: str) -> None:
    if _current(connection) == (head() if revision == "head" else revision):
        return
    config = _config()
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, revision)
    except CommandError as error:
        raise DatabaseTooNew(f"The database was written by a newer Flotilla: install that one ({error}).") from error


def _config(output_buffer: io.StringIO | None = None) -> Config:
    config = Config(output_buffer=output_buffer)
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    return config


async def _write_revision(message: str) -> None:
    with tempfile.TemporaryDirectory() as directory:
        url = f"sqlite+aiosqlite:///{directory}/compare.db"
        await upgrade(url)
        database = Database(url)
        async with database.engine.connect() as connection:
            await connection.run_sync(_compare, message)
        await database.close()


def _compare(connection: Connection, message: str) -> None:
    config = _config()
    config.attributes["connection"] = connection
    number = len(list((SCRIPTS / "versions").glob("[0-9]*.py"))) + 1
    command.revision(config, message, autogenerate=True, rev_id=f"{number:04d}")


if __name__ == "__main__":
    asyncio.run(_write_revision(" ".join(sys.argv[1:])))
