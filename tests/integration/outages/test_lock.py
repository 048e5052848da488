"""The lock itself: what a former leader has under way is over before the next one begins."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from orchestrator.db.engine import Database
from orchestrator.leader.lock import LeaderLock, LockLost, NotLeading, Timing, somebody_leads
from tests.databases import PostgresServer
from tests.support import eventually

TIMING = Timing(ping_seconds=0.1, answer_seconds=2, idle_seconds=9, margin_seconds=6)
"""With a margin that a busy machine stays within."""


@pytest.fixture
async def database(postgres: PostgresServer) -> AsyncIterator[Database]:
    made = Database(postgres.empty(), connections=3, statement_seconds=5)
    yield made
    await made.close()
    postgres.drop(made.url)


async def take_away(database: Database) -> None:
    """As the server does when a leader is silent for too long."""
    async with database.unit_of_work() as session:
        ended = text(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'flotilla-leader'"
        )
        await (await session.connection()).execute(ended)


async def test_one_leads_and_the_others_know(database: Database) -> None:
    async with LeaderLock(database.url, Timing()) as one, LeaderLock(database.url, Timing()) as other:
        async with database.read() as session:
            assert not await somebody_leads(session)
        assert await one.acquire()
        assert not await other.acquire()
        assert (one.leading(), other.leading()) == (True, False)
        await one.ping()
        assert one.candidates == 2
        async with database.read() as session:
            assert await somebody_leads(session)
        async with database.guarded(one.guard).unit_of_work():
            pass
        with pytest.raises(NotLeading):
            async with database.guarded(other.guard).unit_of_work():
                pass
    async with LeaderLock(database.url, Timing()) as third:
        assert await third.acquire()


async def test_who_was_silent_for_too_long_leads_no_more_and_knows_it_first(database: Database) -> None:
    async with LeaderLock(database.url, TIMING) as one, LeaderLock(database.url, Timing()) as other:
        assert await one.acquire()
        assert not await other.acquire()
        await eventually(lambda: not one.leading(), message="by its own clock it leads no more")
        assert not await other.acquire(), "and that before anybody else can"
        await eventually(other.acquire, message="another one leads")
        with pytest.raises(LockLost):
            await one.ping()


async def test_a_former_leaders_transaction_ends_before_the_next_one_begins(database: Database) -> None:
    one = LeaderLock(database.url, Timing())
    async with one:
        assert await one.acquire()
        guarded = database.guarded(one.guard)
        async with guarded.unit_of_work():
            await take_away(database)
            assert one.leading(), "it cannot know yet"
            async with LeaderLock(database.url, Timing()) as next_one:
                assert not await next_one.acquire(), "something of the former one is under way"
                assert not next_one.leading()
                with pytest.raises(NotLeading):
                    async with guarded.unit_of_work():
                        pass
        async with LeaderLock(database.url, Timing()) as next_one:
            assert await next_one.acquire()
            with pytest.raises(NotLeading):
                async with guarded.unit_of_work():
                    pass


async def test_a_transaction_that_stands_still_is_ended(database: Database) -> None:
    """A former leader that was stopped in the middle of one holds up the next one for seconds only."""
    async with LeaderLock(database.url, Timing()) as one:
        assert await one.acquire()
        guarded = database.guarded(one.guard)

        async def stand_still() -> None:
            async with guarded.unit_of_work() as session:
                await take_away(database)
                async with LeaderLock(database.url, Timing()) as next_one:
                    await eventually(next_one.acquire, message="the next one leads")
                await (await session.connection()).execute(text("SELECT 1"))

        with pytest.raises(DBAPIError):
            await stand_still()


async def test_a_statement_that_goes_on_is_ended(database: Database) -> None:
    """Of a former leader that was cut off: nobody is there to end it."""
    slow = Database(database.url, connections=1, statement_seconds=60)
    running = text("SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(50)' AND state = 'active'")

    async def act(guarded: Database) -> None:
        async with guarded.unit_of_work() as session:
            await (await session.connection()).execute(text("SELECT pg_sleep(50)"))

    async def acts() -> bool:
        async with database.read() as session:
            return bool((await (await session.connection()).execute(running)).scalar_one())

    async with LeaderLock(database.url, Timing()) as one:
        assert await one.acquire()
        acting = asyncio.create_task(act(slow.guarded(one.guard)))
        await eventually(acts, message="its statement runs")
        await take_away(database)
        began = time.monotonic()
        async with LeaderLock(database.url, Timing()) as next_one:
            await eventually(next_one.acquire, message="the next one leads")
            assert time.monotonic() - began > Timing().commit_seconds, "what ends soon may be committed"
    with pytest.raises(DBAPIError):
        await acting
    await slow.close()
