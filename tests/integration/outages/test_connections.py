"""The connections to PostgreSQL: few, bounded in time, and seen."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from api.outages import outage_of
from orchestrator.db.engine import WAIT_SECONDS, Database
from tests.databases import PostgresServer
from tests.support import eventually


@pytest.fixture
async def database(postgres: PostgresServer) -> AsyncIterator[Database]:
    made = Database(postgres.url("postgres"), connections=2, statement_seconds=1)
    yield made
    await made.close()


async def scalar(database: Database, statement: str) -> object:
    async with database.read() as session:
        return (await (await session.connection()).execute(text(statement))).scalar()


async def test_who_finds_all_in_use_waits_a_while_and_is_counted(database: Database) -> None:
    async with database.read(), database.read():
        readings = database.readings()
        assert (readings.limit, readings.in_use, readings.idle, readings.waiting) == (2, 2, 0, 0)
        third = asyncio.create_task(scalar(database, "SELECT 1"))
        await eventually(lambda: database.readings().waiting == 1)
        with pytest.raises(PoolTimeoutError) as refused:
            async with asyncio.timeout(WAIT_SECONDS + 55):
                await third
        assert database.readings().timeouts == 1
        told = outage_of(refused.value)
        assert told is not None
        assert "FLOTILLA_ORCH_DATABASE_CONNECTIONS" in told[1]
    assert await scalar(database, "SELECT 1") == 1
    assert (database.readings().in_use, database.readings().waiting) == (0, 0)


async def test_a_statement_that_takes_too_long_is_an_outage_and_the_next_one_works(database: Database) -> None:
    began = time.monotonic()
    with pytest.raises(OperationalError) as slow:
        await scalar(database, "SELECT pg_sleep(20)")
    assert time.monotonic() - began < 15
    assert outage_of(slow.value) is not None
    assert await scalar(database, "SELECT 1") == 1


async def test_a_mistake_of_ours_is_no_outage(database: Database) -> None:
    with pytest.raises(DBAPIError) as mistake:
        await scalar(database, "SELECT no_such_thing")
    assert outage_of(mistake.value) is None


async def test_who_is_cancelled_does_not_wait_for_the_server(postgres: PostgresServer) -> None:
    database = Database(postgres.url("postgres"), connections=2, statement_seconds=60)
    waiting = asyncio.create_task(scalar(database, "SELECT pg_sleep(30)"))
    await eventually(lambda: database.readings().in_use == 1)
    waiting.cancel()
    began = time.monotonic()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert time.monotonic() - began < 10
    await eventually(lambda: database.readings().in_use == 0)
    assert await scalar(database, "SELECT 1") == 1
    await database.close()


async def test_what_the_url_says_itself_stays(postgres: PostgresServer) -> None:
    url = f"{postgres.url('postgres')}?application_name=mine&options=-c%20work_mem%3D5MB"
    database = Database(url, statement_seconds=3)
    assert await scalar(database, "SHOW application_name") == "mine"
    assert await scalar(database, "SHOW work_mem") == "5MB"
    assert await scalar(database, "SHOW statement_timeout") == "3s"
    assert await scalar(database, "SHOW idle_in_transaction_session_timeout") == "5s"
    await database.close()


async def test_the_server_too_notices_within_seconds_who_is_gone_without_a_word(database: Database) -> None:
    shown = [
        await scalar(database, f"SHOW tcp_{name}")
        for name in ("keepalives_idle", "keepalives_interval", "keepalives_count", "user_timeout")
    ]
    assert shown == ["5", "2", "3", "10000"]
