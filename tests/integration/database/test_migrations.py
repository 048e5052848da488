"""Both databases are migrated by the program itself, one process after another, and arrive at the models."""

import asyncio

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text

from orchestrator.db import migrate, schema
from orchestrator.db.engine import Database
from orchestrator.db.locks import MIGRATION
from orchestrator.tables import METADATA, tables
from tests.databases import PostgresServer


async def test_an_empty_database_arrives_at_the_models(empty_url: str) -> None:
    first = await migrate.upgrade(empty_url)
    second = await migrate.upgrade(empty_url)
    assert first == schema.Migrated(None, schema.head())
    assert second == schema.Migrated(schema.head(), schema.head())

    def differences(connection: Connection) -> list[object]:
        options = {"include_name": _ours, "compare_type": True}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), METADATA))

    database = Database(empty_url)
    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await database.close()


def _ours(name: str | None, kind: str, _parents: object) -> bool:
    return kind != "table" or name in {table.name for table in tables()}


async def test_many_at_once_do_it_once(empty_url: str) -> None:
    outcomes = await asyncio.gather(*(migrate.upgrade(empty_url) for _ in range(5)))
    assert sorted(outcome.before is None for outcome in outcomes) == [False, False, False, False, True]
    assert {outcome.after for outcome in outcomes} == {schema.head()}


async def test_a_newer_database_is_told(empty_url: str) -> None:
    await migrate.upgrade(empty_url)
    database = Database(empty_url)
    async with database.engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    await database.close()
    with pytest.raises(schema.DatabaseTooNew, match="newer Flotilla"):
        await migrate.upgrade(empty_url)


async def test_every_version_can_be_gone_up_one_by_one(empty_url: str) -> None:
    database = Database(empty_url)
    revisions = sorted(file.name[:4] for file in (schema.SCRIPTS / "versions").glob("[0-9]*.py"))
    before = None
    for revision in revisions:
        async with database.engine.execution_options(flotilla_writes=True).begin() as connection:
            assert await migrate.upgrade_within(connection, revision) == schema.Migrated(before, revision)
        before = revision
    await database.close()
    assert before == schema.head()


@pytest.mark.parametrize("before", [None, "head"])
async def test_a_start_waits_for_whoever_migrates_or_copies(postgres: PostgresServer, before: str | None) -> None:
    url = postgres.empty()
    if before is not None:
        await migrate.upgrade(url)
    database = Database(url)
    async with database.engine.begin() as connection:
        await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION})
        started = asyncio.create_task(schema.bring_up(url))
        waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        async with asyncio.timeout(60):
            while not (await connection.execute(waiting)).scalar_one():
                await asyncio.sleep(0.05)
        assert not started.done()
    assert (await started).after == schema.head()
    await database.close()
    postgres.drop(url)
