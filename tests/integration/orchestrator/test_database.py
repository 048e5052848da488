"""The database as the control plane uses it: write locks, WAL, foreign keys, migrations."""

import asyncio
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlmodel import SQLModel

from orchestrator.db import migrate, schema
from orchestrator.db.engine import Database
from orchestrator.kit.clock import utc_now
from orchestrator.pools.models import PoolCursorModel, PoolModel


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite+aiosqlite:///{tmp_path}/flotilla.db"


def a_pool(slots_total: int) -> PoolModel:
    return PoolModel(
        id="one",
        node="local",
        driver="fake",
        slots_total=slots_total,
        desired_state="running",
        observed_state="ready",
        conditions=[],
        created_at=utc_now(),
    )


async def test_pragmas_hold_on_every_connection(url: str) -> None:
    database = Database(url)
    for _ in range(2):
        async with database.read() as session:
            answers = [
                (await session.exec(text(f"PRAGMA {name}"))).scalar()  # type: ignore[call-overload]
                for name in ("journal_mode", "foreign_keys", "synchronous")
            ]
        assert answers == ["wal", 1, 2]
    await database.close()


async def test_a_unit_of_work_takes_the_write_lock_at_once(url: str) -> None:
    """Two units that both read and then write: the second waits for the first instead of failing on a stale read."""
    await migrate.upgrade(url)
    database = Database(url)

    async def count_up() -> None:
        async with database.unit_of_work() as session:
            row = await session.get(PoolModel, "one")
            await asyncio.sleep(0)
            if row is None:
                row = a_pool(0)
            row.slots_total += 1
            session.add(row)

    await asyncio.gather(*(count_up() for _ in range(20)))
    async with database.read() as session:
        row = await session.get(PoolModel, "one")
    assert row is not None
    assert row.slots_total == 20
    await database.close()


async def test_a_reader_does_not_wait_for_a_writer(url: str) -> None:
    await migrate.upgrade(url)
    database = Database(url)
    async with database.unit_of_work() as session:
        session.add(a_pool(1))
        await session.flush()
        async with asyncio.timeout(60), database.read() as reader:
            assert await reader.get(PoolModel, "one") is None
    await database.close()


async def test_foreign_keys_are_enforced_and_a_failed_unit_leaves_nothing(url: str) -> None:
    await migrate.upgrade(url)
    database = Database(url)

    async def half_good() -> None:
        async with database.unit_of_work() as session:
            session.add(a_pool(1))
            await session.flush()
            session.add(PoolCursorModel(pool_id="no such pool", cursor="c"))

    with pytest.raises(IntegrityError):
        await half_good()
    async with database.read() as session:
        assert await session.get(PoolModel, "one") is None
    await database.close()


async def test_migrations_arrive_at_the_models(url: str) -> None:
    await migrate.upgrade(url)
    await migrate.upgrade(url)  # nothing to do

    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), SQLModel.metadata))

    database = Database(url)
    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await database.close()


async def test_a_newer_database_is_refused(url: str) -> None:
    await migrate.upgrade(url)
    database = Database(url)
    async with database.unit_of_work() as session:
        await session.exec(text("UPDATE alembic_version SET version_num = '9999'"))  # type: ignore[call-overload]
    await database.close()
    with pytest.raises(schema.DatabaseTooNew, match="newer Flotilla"):
        await migrate.upgrade(url)


async def test_a_corrupt_database_is_refused(tmp_path: Path, url: str) -> None:
    (tmp_path / "flotilla.db").write_bytes(b"no database at all " * 100)
    with pytest.raises(DBAPIError):
        await migrate.upgrade(url)


def test_the_statements_for_postgresql_have_no_sqlite_in_them() -> None:
    statements = migrate.sql("postgresql")
    assert "TIMESTAMP WITH TIME ZONE" in statements
    assert "NUMERIC(38, 18)" in statements
    assert "BIGSERIAL" in statements
    assert "PRAGMA" not in statements


async def test_what_is_read_together_was_so_at_one_moment_and_who_writes_sees_what_is_new(database_url: str) -> None:
    database = Database(database_url)
    count = text("SELECT count(*) FROM pools")
    async with database.read() as session:
        before = (await (await session.connection()).execute(count)).scalar_one()
        async with database.unit_of_work() as other:
            other.add(a_pool(1))
        assert (await (await session.connection()).execute(count)).scalar_one() == before == 0
    async with database.unit_of_work() as session:
        assert (await (await session.connection()).execute(count)).scalar_one() == 1
        if database_url.startswith("postgresql"):
            shown = await (await session.connection()).execute(text("SHOW transaction_isolation"))
            assert shown.scalar_one() == "read committed"
    await database.close()
