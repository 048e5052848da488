"""What SQLAlchemy asks of the cursors of SQLite: few rows, more than come at once, streams, what was changed."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import IntegrityError, OperationalError

from orchestrator.db import sqlite_connection
from orchestrator.db.engine import Database
from tests.databases import sqlite_url

_MANY = 2 * sqlite_connection._ROWS_AT_ONCE + 500


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(sqlite_url(tmp_path / "flotilla.db"))
    async with database.unit_of_work() as session:
        await session.execute(text("CREATE TABLE rows (number INTEGER PRIMARY KEY)"))
    yield database
    await database.close()


async def _fill(database: Database, count: int) -> None:
    if not count:
        return
    async with database.unit_of_work() as session:
        await session.execute(text("INSERT INTO rows VALUES (:n)"), [{"n": number} for number in range(count)])


@pytest.mark.parametrize("count", [0, 1, sqlite_connection._ROWS_AT_ONCE, _MANY])
async def test_all_rows_come_in_their_order(database: Database, count: int) -> None:
    await _fill(database, count)
    async with database.read() as session:
        rows = (await session.execute(text("SELECT number FROM rows ORDER BY number"))).scalars().all()
        streamed = await session.stream(text("SELECT number FROM rows ORDER BY number"))
        assert [row.number async for row in streamed] == rows == list(range(count))


async def test_a_stream_that_nobody_reads_to_its_end_is_closed(database: Database) -> None:
    await _fill(database, _MANY)
    async with database.read() as session:
        streamed = await session.stream(text("SELECT number FROM rows ORDER BY number"))
        assert (await streamed.fetchone()) == (0,)
        await streamed.close()
    async with database.unit_of_work() as session:
        await session.execute(text("DROP TABLE rows"))  # locked, did the statement still run


async def test_what_changed_is_counted(database: Database) -> None:
    await _fill(database, 5)
    async with database.unit_of_work() as session:
        changed: Any = await session.execute(text("DELETE FROM rows WHERE number < 3"))
        assert changed.rowcount == 3
        told = await session.execute(text("INSERT INTO rows VALUES (7), (8) RETURNING number"))
        assert told.scalars().all() == [7, 8]
        added: Any = await session.execute(text("INSERT INTO rows VALUES (11)"))
        assert added.lastrowid == 11


async def test_a_refused_statement_leaves_the_connection_usable(database: Database) -> None:
    await _fill(database, 1)
    async with database.unit_of_work() as session:
        with pytest.raises(IntegrityError):
            await session.execute(text("INSERT INTO rows VALUES (0)"))
        with pytest.raises(OperationalError):
            await session.execute(text("SELECT nothing FROM rows"))
        assert (await session.execute(text("SELECT count(*) FROM rows"))).scalar_one() == 1


async def test_a_statement_takes_one_way_to_the_thread(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    await _fill(database, 3)
    ways: list[object] = []
    execute = sqlite_connection.PatientConnection._execute

    async def counted(self: Any, fn: Any, *args: Any, **kwargs: Any) -> Any:
        ways.append(fn)
        return await execute(self, fn, *args, **kwargs)

    async with database.read() as session:
        monkeypatch.setattr(sqlite_connection.PatientConnection, "_execute", counted)
        assert (await session.execute(text("SELECT number FROM rows"))).all() == [(0,), (1,), (2,)]
        assert len(ways) == 1


async def test_a_cursor_is_read_in_parts(tmp_path: Path) -> None:
    connection = sqlite_connection.connect(str(tmp_path / "some.db"))
    await connection
    cursor = connection.cursor()
    assert (cursor.description, cursor.rowcount, cursor.lastrowid) == (None, -1, None)
    await cursor.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT ?) SELECT i FROM n", [_MANY]
    )
    assert await cursor.fetchone() == (1,)
    assert [i for (i,) in await cursor.fetchmany(_MANY - 2)] == list(range(2, _MANY))
    assert await cursor.fetchall() == [(_MANY,)]
    assert await cursor.fetchone() is None
    await cursor.close()
    with pytest.raises(sqlite3.OperationalError):
        await cursor.execute("SELECT FROM")
    await connection.close()


async def test_a_connection_keeps_little_of_the_file(database: Database) -> None:
    async with database.read() as session:
        kept = await (await session.connection()).exec_driver_sql("PRAGMA cache_size")
        assert -256 <= kept.scalar_one() < 0, "KiB"


async def test_what_was_read_is_let_go_of_at_the_end(database: Database) -> None:
    await _fill(database, 3)

    def still_read() -> bool:
        """Whether somebody reads what the log had before: then it cannot be emptied."""
        with closing(sqlite3.connect(make_url(database.url).database or "", timeout=0)) as other:
            return bool(other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0])

    async with database.read() as session:
        assert (await session.execute(text("SELECT count(*) FROM rows"))).scalar_one() == 3
        async with database.unit_of_work() as writing:
            await writing.execute(text("INSERT INTO rows VALUES (100)"))
        assert (await session.execute(text("SELECT count(*) FROM rows"))).scalar_one() == 3  # as it was at its begin
        assert still_read()
    assert not still_read()
