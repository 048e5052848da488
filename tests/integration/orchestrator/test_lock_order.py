"""Who locks a bot and its move does so in one order, and what PostgreSQL ends all the same is told as a conflict."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from api.outages import outage_of
from orchestrator.audit.service import By
from orchestrator.bots import repository
from orchestrator.bots.models import BotModel
from orchestrator.db.engine import Database
from orchestrator.errors import Conflict, ErrorCode
from orchestrator.pools import moves, steering
from orchestrator.pools.moves import MoveKey
from orchestrator.pools.policy import PoolPolicy
from tests.databases import PostgresServer
from tests.fakes.fake_agent import FakeAgent
from tests.integration.orchestrator.rig import Rig, rig_at
from tests.support import eventually


@pytest.fixture
def url(postgres: PostgresServer) -> str:
    return postgres.migrated()


@pytest.fixture
async def shared(tmp_path: Path, url: str) -> AsyncIterator[Rig]:
    async with rig_at(tmp_path, database_url=url) as made:
        yield made


async def somebody_waits(database: Database) -> bool:
    async with database.read() as session:
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        query = text(waiting)
        return bool((await (await session.connection()).execute(query)).scalar_one())


async def test_a_move_that_is_asked_for_again_while_it_arrives_waits_and_does_not_break_it(shared: Rig) -> None:
    for pool_id in ("pool-a", "pool-b", "pool-c"):
        await shared.add_pool(FakeAgent(pool_id))
    bot = await shared.create()
    async with shared.database.unit_of_work() as session:
        row = await session.get_one(BotModel, bot.id)
        row.pool_id, row.epoch = "pool-a", 1
        session.add(row)
    async with shared.database.unit_of_work() as session:
        key = MoveKey.of(await moves.request(session, bot.id, "pool-b", "move", PoolPolicy()))

    async def ask_again() -> None:
        async with shared.database.unit_of_work() as session:
            await steering.move(session, By(), bot.id, "pool-c", PoolPolicy())

    async with shared.database.unit_of_work() as session:
        (locked,) = await repository.locked(session, [bot.id])
        asking = asyncio.create_task(ask_again())
        await eventually(lambda: somebody_waits(shared.database))
        assert await moves.arrive(session, key, locked)
    with pytest.raises(Conflict):
        await asking
    assert (await shared.row(bot.id)).pool_id == "pool-b"


async def test_two_that_wait_for_each_other_are_a_conflict_to_one_of_them(shared: Rig) -> None:
    both = asyncio.Barrier(2)

    async def lock(first: int, second: int) -> None:
        async with shared.database.unit_of_work() as session:
            connection = await session.connection()
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": first})
            await both.wait()
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": second})

    ends = await asyncio.gather(lock(1, 2), lock(2, 1), return_exceptions=True)
    (error,) = [end for end in ends if end is not None]
    assert isinstance(error, DBAPIError)
    told = outage_of(error)
    assert told is not None
    assert told[0] == ErrorCode.CONFLICT
    assert "send it again" in told[1]
