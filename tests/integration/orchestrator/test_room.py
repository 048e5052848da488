"""What is given out at the same time: no pool gets more bots than it has slots, no user more pools than he may have."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.bots.models import BotModel
from orchestrator.db.engine import is_postgresql
from orchestrator.errors import Conflict, NoCapacity
from orchestrator.pools import moves, provision, service
from orchestrator.pools.models import PoolModel
from orchestrator.pools.policy import PoolPolicy
from orchestrator.reconcile import rows
from orchestrator.reconcile.actions import Assign
from tests.fakes.fake_agent import FakeAgent
from tests.integration.orchestrator.rig import OWNER, Rig
from tests.support import eventually


async def add_pool(rig: Rig, pool_id: str, slots_total: int, *bots: str) -> list[str]:
    """With bots that belong to it; their ids."""
    await rig.add_pool(FakeAgent(pool_id, slots_total))
    made = []
    for name in bots:
        bot = await rig.create(name)
        await assign(rig, bot.id, pool_id)
        made.append(bot.id)
    return made


async def assign(rig: Rig, bot_id: str, pool_id: str) -> None:
    async with rig.database.unit_of_work() as session:
        bot = await session.get_one(BotModel, bot_id)
        service.assign(session, bot, await session.get_one(PoolModel, pool_id))


Act = Callable[[AsyncSession], Awaitable[object]]


@contextlib.asynccontextmanager
async def uncommitted(rig: Rig, act: Act) -> AsyncIterator[None]:
    """What the block begins finds this done, but not committed yet: it commits at the end of the block."""
    async with rig.database.unit_of_work() as session:
        await act(session)
        yield


async def both(rig: Rig, first: Act, second: Callable[[], Awaitable[object]]) -> object:
    """What the second answers or raises, which begins while the first is not committed."""
    async with uncommitted(rig, first):
        task = asyncio.ensure_future(second())

        async def waits() -> bool:
            return await _waits(rig, task)

        await eventually(waits)
    (outcome,) = await asyncio.gather(task, return_exceptions=True)
    return outcome


async def _waits(rig: Rig, task: "asyncio.Future[object]") -> bool:
    """It waits for a lock; on SQLite it cannot have begun."""
    if task.done() or not is_postgresql(rig.database.url):
        return True
    async with rig.database.read() as session:
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        query = text(waiting)
        return bool((await (await session.connection()).execute(query)).scalar_one())


async def test_two_moves_do_not_get_the_same_place(rig: Rig) -> None:
    one, two = await add_pool(rig, "pool-a", 5, "one", "two")
    await add_pool(rig, "pool-b", 2, "there")

    async def move(bot_id: str) -> object:
        async with rig.database.unit_of_work() as session:
            return await moves.request(session, bot_id, "pool-b", "move", PoolPolicy())

    refused = await both(rig, lambda session: moves.request(session, one, "pool-b", "move"), lambda: move(two))
    assert isinstance(refused, NoCapacity), refused


async def test_a_move_anywhere_beside_another_one_goes_elsewhere(rig: Rig) -> None:
    one, two = await add_pool(rig, "pool-a", 5, "one", "two")
    await add_pool(rig, "pool-b", 1)

    async def move(bot_id: str) -> str:
        async with rig.database.unit_of_work() as session:
            return (await moves.request(session, bot_id, None, "move", PoolPolicy())).target_pool_id

    target = await both(rig, lambda session: moves.request(session, one, None, "move"), lambda: move(two))
    assert isinstance(target, str), target
    assert target not in ("pool-a", "pool-b"), "a new pool is made"


async def test_a_new_bot_does_not_get_the_place_that_a_move_was_given_meanwhile(rig: Rig) -> None:
    (one,) = await add_pool(rig, "pool-a", 5, "one")
    await add_pool(rig, "pool-b", 1)
    new = await rig.create("new")

    async def place() -> None:
        await rows.change(rig.database, rig.bus, [Assign(new.id, "pool-b")], PoolPolicy(), {})

    await both(rig, lambda session: moves.request(session, one, "pool-b", "move"), place)
    assert (await rig.row(new.id)).pool_id is None
    await rows.change(rig.database, rig.bus, [Assign(new.id, "pool-a")], PoolPolicy(), {})
    assert (await rig.row(new.id)).pool_id == "pool-a"


async def test_of_several_new_bots_as_many_are_placed_as_there_is_room_for(rig: Rig) -> None:
    await add_pool(rig, "pool-a", 2, "one")
    bots = [await rig.create(f"new {number}") for number in range(3)]
    await rows.change(rig.database, rig.bus, [Assign(bot.id, "pool-a") for bot in bots], PoolPolicy(), {})
    assert [(await rig.row(bot.id)).pool_id for bot in bots].count("pool-a") == 1


@pytest.mark.parametrize("tenant_id", [OWNER, None])
async def test_two_pools_made_at_once_do_not_exceed_the_maximum(rig: Rig, tenant_id: str | None) -> None:
    policy = PoolPolicy(maximum=1)

    async def make() -> object:
        async with rig.database.unit_of_work() as session:
            return await provision.make(session, tenant_id, policy, "")

    refused = await both(rig, lambda session: provision.make(session, tenant_id, policy, ""), make)
    assert isinstance(refused, NoCapacity), refused
    async with rig.database.read() as session:
        assert len(await service.every(session)) == 1


async def test_a_pool_that_is_cordoned_meanwhile_gets_no_move(rig: Rig) -> None:
    (one,) = await add_pool(rig, "pool-a", 5, "one")
    await add_pool(rig, "pool-b", 5)

    async def move() -> object:
        async with rig.database.unit_of_work() as session:
            return await moves.request(session, one, "pool-b", "move", PoolPolicy())

    refused = await both(rig, lambda session: service.cordon(session, "pool-b"), move)
    assert isinstance(refused, Conflict), refused
