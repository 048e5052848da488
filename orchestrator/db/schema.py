"""The version of a database's schema, found out without Alembic: whoever serves only looks.

`bring_up(url)` is what a start does. Where there is something to upgrade, a process of its own does it
(`orchestrator.db.upgrading`), so that what only upgrades need never comes into the memory of one that serves for weeks.
"""

import asyncio
import fcntl
import os
import pickle
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, inspect, make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection

from orchestrator.db import encoding
from orchestrator.db.engine import Database
from orchestrator.db.locks import MIGRATION, hold
from orchestrator.errors import Conflict

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "migrations"
VERSION_TABLE = "alembic_version"
_NUMBER_LENGTH = 4


class DatabaseTooNew(Exception):
    """The database was written by a newer Flotilla than this one."""

    def __init__(self, version: str) -> None:
        super().__init__(version)
        self.version = version

    def __str__(self) -> str:
        return (
            f"The database was written by a newer Flotilla: install that one (it is at version {self.version}, this "
            f"Flotilla at {head()})."
        )


@dataclass(frozen=True, slots=True)
class Migrated:
    """The version before, None for an empty database, and after."""

    before: str | None
    after: str | None


def known() -> list[str]:
    """All versions, the oldest first: migrations are named by them."""
    return sorted(file.name[:_NUMBER_LENGTH] for file in (SCRIPTS / "versions").glob("[0-9]*.py"))


def head() -> str:
    """The newest version that this Flotilla knows."""
    return known()[-1]


async def current(connection: AsyncConnection) -> str | None:
    """The version that the database is at; None where it was never migrated."""
    return await connection.run_sync(current_of)


def current_of(connection: Connection) -> str | None:
    """The same of a connection that waits."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    return connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar_one_or_none()  # noqa: S608


async def bring_up(url: str) -> Migrated:
    """Up to the newest version, by a process of its own where the database is not there yet. Raises what
    `migrate.upgrade` does, and Conflict where that process comes to nothing, which leaves the database as it was."""
    async with one_after_another(url):
        before = await _look(url)
    if before == head():
        return Migrated(before, before)
    if before is not None and before not in known():
        raise DatabaseTooNew(before)
    return await _upgrade_elsewhere(url)


@asynccontextmanager
async def one_after_another(url: str) -> AsyncIterator[None]:
    """Those who open a SQLite file wait for each other: its very first connections would else fail over who makes it.
    Of no effect on PostgreSQL."""
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


async def _look(url: str) -> str | None:
    database = Database(url)
    try:
        async with database.engine.connect() as connection:
            await hold(connection, MIGRATION)  # nobody serves while another one migrates, or copies the whole database
            await encoding.refuse_other(connection)
            return await current(connection)
    finally:
        await database.close()


async def _upgrade_elsewhere(url: str) -> Migrated:
    """A Ctrl-C in our terminal is ours to hear. The URL may hold a password, which no command line may; nor does the
    process get what else our environment tells of Flotilla, for others may read its own."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FLOTILLA_")}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",
        "-m",
        "orchestrator.db.upgrading",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**environment, "PYTHONPATH": str(ROOT)},
        start_new_session=True,
    )
    try:
        told, last_words = await process.communicate(url.encode())
    except BaseException:
        if process.returncode is None:
            process.kill()
            await process.wait()
        raise
    try:
        outcome, traceback = pickle.loads(told)  # noqa: S301 - our own child, over a pipe that nobody else has
    except (pickle.UnpicklingError, EOFError, ValueError, TypeError, AttributeError, ImportError) as error:
        words = last_words.decode(errors="replace").strip().splitlines()
        said = f", saying: {words[-1]}" if words else ""
        raise Conflict(
            f"The upgrade of the database came to nothing; the database is as it was. Its process ended with "
            f"{process.returncode}{said}"
        ) from error
    if isinstance(outcome, Migrated):
        return outcome
    outcome.add_note(traceback)
    raise outcome
