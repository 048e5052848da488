"""The network to PostgreSQL swallows everything: no connection breaks, and nothing answers. Nobody waits for ever, the
leader gives up before another one begins, and all goes on when it is mended."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator

import psycopg
import pytest
from sqlalchemy import column, table, text
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from api.outages import outage_of
from orchestrator.db.bulk import insert
from orchestrator.db.engine import WAIT_SECONDS, Database
from orchestrator.db.patience import CONNECT_SECONDS, PING_SECONDS, WHOLE_CONNECT_SECONDS
from tests.databases import PostgresServer
from tests.fakes.wire import Wire, wire
from tests.support import eventually

CONNECTIONS = 3
STATEMENT_SECONDS = 1
GRACE_SECONDS = 2
SLACK_SECONDS = 5
"""What a busy machine adds; who waits for an answer that never comes waits for much longer."""


@pytest.fixture
def line(postgres: PostgresServer) -> Iterator[Wire]:
    with wire(postgres.port) as made:
        yield made


@pytest.fixture
async def database(postgres: PostgresServer, line: Wire) -> AsyncIterator[Database]:
    url = line.through(postgres.url("postgres"))
    made = Database(url, connections=CONNECTIONS, statement_seconds=STATEMENT_SECONDS)
    yield made
    async with asyncio.timeout(60):
        await made.close()


async def scalar(database: Database, statement: str) -> object:
    async with database.read() as session:
        return (await (await session.connection()).execute(text(statement))).scalar()


async def failing(database: Database, statement: str = "SELECT 1") -> float:
    """How long it took to fail as an outage."""
    began = time.monotonic()
    with pytest.raises(SQLAlchemyError) as failed:
        await scalar(database, statement)
    assert outage_of(failed.value) is not None
    return time.monotonic() - began


async def works_again(database: Database) -> None:
    async def works() -> bool:
        try:
            return await scalar(database, "SELECT 1") == 1
        except SQLAlchemyError:
            return False

    await eventually(works, message="it works again")


async def is_asked(postgres: PostgresServer, statement: str) -> None:
    """The server works on it."""

    def asked() -> bool:
        active = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query = %s"
        with psycopg.connect(postgres.url("postgres").replace("+psycopg", "")) as connection:
            row = connection.execute(active, [statement]).fetchone()
        return row is not None and bool(row[0])

    await eventually(lambda: asyncio.to_thread(asked), message="it is asked, and not answered yet")


async def test_a_statement_under_way_and_the_next_ones_end_in_time(line: Wire, postgres: PostgresServer) -> None:
    seconds, statement = 6, "SELECT pg_sleep(5)"  # long enough to be seen and cut off before it ends
    database = Database(line.through(postgres.url("postgres")), connections=CONNECTIONS, statement_seconds=seconds)
    assert await scalar(database, "SELECT 1") == 1
    running = asyncio.create_task(failing(database, statement))
    await is_asked(postgres, statement)
    with line.cut():
        assert await running < seconds + GRACE_SECONDS + SLACK_SECONDS
        assert await failing(database) < PING_SECONDS + CONNECT_SECONDS + SLACK_SECONDS
    await works_again(database)
    await database.close()


async def test_idle_connections_hold_up_each_who_asks_for_seconds_only(database: Database, line: Wire) -> None:
    await asyncio.gather(*(scalar(database, "SELECT pg_sleep(0.1)") for _ in range(CONNECTIONS)))
    assert database.readings().idle == CONNECTIONS
    with line.cut():
        took = await asyncio.gather(*(failing(database) for _ in range(CONNECTIONS * 10)))
        assert max(took) < WAIT_SECONDS + CONNECT_SECONDS + SLACK_SECONDS
        assert database.readings().in_use == 0, "none is lost"
    await works_again(database)
    await asyncio.gather(*(scalar(database, "SELECT 1") for _ in range(CONNECTIONS)))


async def test_a_transaction_that_cannot_end_ends_here(database: Database, line: Wire) -> None:
    """Nobody knows then whether it was committed, and the remedy says so."""
    cut = line.cut()
    began = 0.0

    async def write() -> None:
        nonlocal began
        async with database.unit_of_work() as session:
            await (await session.connection()).execute(text("SELECT 1"))
            cut.__enter__()
            began = time.monotonic()

    try:
        with pytest.raises(OperationalError) as failed:
            await write()
        assert time.monotonic() - began < STATEMENT_SECONDS + GRACE_SECONDS + SLACK_SECONDS
    finally:
        cut.__exit__(None, None, None)
    told = outage_of(failed.value)
    assert told is not None
    assert "whether it was done" in told[1]


async def test_rows_that_are_copied_are_an_outage_like_any_other(database: Database, line: Wire) -> None:
    cut = line.cut()
    rows = [(number, "x" * 1000) for number in range(10_000)]  # more than fits into what is under way

    async def write() -> None:
        async with database.unit_of_work() as session:
            connection = await session.connection()
            await connection.execute(text("CREATE TEMPORARY TABLE rows (number integer, text text) ON COMMIT DROP"))
            cut.__enter__()
            await insert(connection, table("rows", column("number"), column("text")), rows)

    began = time.monotonic()
    try:
        with pytest.raises(SQLAlchemyError) as failed:
            await write()
        assert time.monotonic() - began < (STATEMENT_SECONDS + GRACE_SECONDS) * 2 + SLACK_SECONDS
    finally:
        cut.__exit__(None, None, None)
    assert outage_of(failed.value) is not None
    await works_again(database)


async def test_a_name_server_that_is_silent_too_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async def silent(*_arguments: object, **_keywords: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", silent)
    database = Database("postgresql+psycopg://flotilla@database.example/flotilla", statement_seconds=1)
    assert await failing(database) < WHOLE_CONNECT_SECONDS + SLACK_SECONDS
    await database.close()


async def test_who_ends_meanwhile_waits_for_nothing(database: Database, line: Wire) -> None:
    assert await scalar(database, "SELECT 1") == 1
    running = asyncio.create_task(scalar(database, "SELECT pg_sleep(0.5)"))
    await eventually(lambda: database.readings().in_use == 1)
    with line.cut():
        began = time.monotonic()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await database.close()
        assert time.monotonic() - began < STATEMENT_SECONDS + GRACE_SECONDS


async def test_a_block_that_breaks_does_not_wait_to_roll_back(database: Database, line: Wire) -> None:
    cut = line.cut()

    async def write() -> None:
        async with database.unit_of_work() as session:
            await (await session.connection()).execute(text("SELECT 1"))
            cut.__enter__()
            raise KeyError("ours")

    began = time.monotonic()
    try:
        with pytest.raises((KeyError, SQLAlchemyError)):
            await write()
        assert time.monotonic() - began < STATEMENT_SECONDS + GRACE_SECONDS + SLACK_SECONDS
    finally:
        cut.__exit__(None, None, None)
