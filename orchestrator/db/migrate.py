"""Migrations, run by the program itself: `upgrade(url)` brings a database to the newest version in one transaction.
Processes that start at once do it one after another: under an advisory lock on PostgreSQL, a lock on the directory of a
SQLite file, whose very first connections would else fail over who makes it.

The versions live in `migrations/` beside this package, in a checkout as in an installed one. Developers write the next
one with `python -m orchestrator.db.migrate "why"`, which compares the models with a fresh, fully migrated database.
"""

import asyncio
import io
import sys
import tempfile

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from orchestrator.db import encoding
from orchestrator.db.engine import Database
from orchestrator.db.locks import MIGRATION, hold
from orchestrator.db.schema import (
    SCRIPTS,
    DatabaseTooNew,
    Migrated,
    current,
    current_of,
    head,
    known,
    one_after_another,
)


async def upgrade(url: str) -> Migrated:
    """Up to the newest version; does nothing where it is there already. Raises Conflict (see `db.encoding`),
    DatabaseTooNew, OSError, and `sqlalchemy.exc.DBAPIError` where the database cannot be read or written."""
    async with one_after_another(url):
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


def sql(dialect: str) -> str:
    """The statements of all versions as text, without a database; `dialect` for example `postgresql`."""
    buffer = io.StringIO()
    config = _config(output_buffer=buffer)
    config.attributes["dialect"] = dialect
    command.upgrade(config, "head", sql=True)
    return buffer.getvalue()


def _upgrade(connection: Connection, revision: str) -> None:
    now = current_of(connection)
    if now == (head() if revision == "head" else revision):
        return
    for version in (now, revision):
        if version not in (None, "head", *known()):
            raise DatabaseTooNew(str(version))
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


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
    number = int(head()) + 1
    command.revision(config, message, autogenerate=True, rev_id=f"{number:04d}")


if __name__ == "__main__":
    asyncio.run(_write_revision(" ".join(sys.argv[1:])))
