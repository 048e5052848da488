"""What nobody asked for bot by bot is in the audit, too, and orders tell what they were about."""

from typing import Any

from orchestrator.audit import service as audit
from orchestrator.audit.models import AuditModel
from orchestrator.audit.service import By
from orchestrator.bots.models import BotModel
from orchestrator.db.engine import Database
from orchestrator.pools import moves, service, steering
from orchestrator.pools.models import LOCAL_POOL
from orchestrator.pools.policy import PoolPolicy
from tests.fakes.fake_agent import FakeAgent
from tests.integration.orchestrator.rig import OWNER, Rig
from tests.support import eventually

POLICY = PoolPolicy(maximum=1)


async def rows(database: Database, action: str) -> list[AuditModel]:
    async with database.read() as session:
        return [row for row in (await audit.list_(session, limit=100)).items if row.action == action]


async def only(rig: Rig, action: str) -> AuditModel:
    (row,) = await rows(rig.database, action)
    return row


async def placed(rig: Rig, pool_id: str) -> str:
    """A bot that belongs to the pool."""
    bot = await rig.create()
    async with rig.database.unit_of_work() as session:
        row = await session.get_one(BotModel, bot.id)
        service.assign(session, row, await service.get(session, pool_id))
    return bot.id


def facts(row: AuditModel, *names: str) -> tuple[list[Any], list[Any]]:
    before, after = row.before or {}, row.after or {}
    return [before.get(name) for name in names], [after.get(name) for name in names]


async def test_orders_tell_what_they_were_about(rig: Rig) -> None:
    await rig.add_pool(FakeAgent("pool-a"))
    for _ in range(2):
        async with rig.database.unit_of_work() as session:
            await steering.restart(session, By("user-ann", "It is slow."), "pool-a")
    restart = await only(rig, "pool.restart")
    assert (restart.actor, restart.why) == ("user-ann", "It is slow.")
    assert facts(restart, "desired_state", "ordered") == (["running", None], ["running", "restart"])
    async with rig.database.unit_of_work() as session:
        await steering.purge(session, By("user-ann"), "pool-a", POLICY, {})
    purge = await only(rig, "pool.purge")
    assert facts(purge, "driver", "desired_state", "ordered") == (
        ["fake", "running", None],
        ["fake", "removed", "purge"],
    )


async def test_the_move_of_a_drained_pools_bot_is_recorded(rig: Rig) -> None:
    await rig.add_pool(FakeAgent("pool-a"))
    bot_id = await placed(rig, "pool-a")
    await rig.add_pool(FakeAgent("pool-b"))
    async with rig.database.unit_of_work() as session:
        await service.drain(session, "pool-a", POLICY)
    async with rig.running():
        await eventually(lambda: rows(rig.database, "bot.move"))
    move = await only(rig, "bot.move")
    assert (move.actor, move.subject, move.why) == (audit.SYSTEM, audit.bot(bot_id), "Its pool is drained.")
    assert (move.before, move.after) == ({"pool_id": "pool-a"}, {"pool_id": "pool-b", "reason": "drain"})


async def test_the_move_of_a_misplaced_bot_is_recorded(rig: Rig) -> None:
    await rig.add_user("user-two")
    await rig.add_pool(FakeAgent("pool-theirs"), tenant_id="user-two")
    bot_id = await placed(rig, "pool-theirs")
    await rig.add_pool(FakeAgent("pool-b"))
    async with rig.running():
        await eventually(lambda: rows(rig.database, "bot.move"))
    move = await only(rig, "bot.move")
    assert (move.actor, move.subject, move.why) == (audit.SYSTEM, audit.bot(bot_id), "Its pool may not have it.")
    assert (move.after or {})["pool_id"] == "pool-b"


async def test_a_move_whose_target_is_gone_is_recorded_as_abandoned(rig: Rig) -> None:
    for pool_id in ("pool-a", "pool-b"):
        await rig.add_pool(FakeAgent(pool_id))
    bot_id = await placed(rig, "pool-a")
    async with rig.database.unit_of_work() as session:
        await moves.request(session, bot_id, "pool-b", "move", POLICY)
        await session.delete(await service.get(session, "pool-b"))
    async with rig.running():
        await eventually(lambda: rows(rig.database, "bot.move_abandon"))
    ended = await only(rig, "bot.move_abandon")
    assert (ended.actor, ended.subject) == (audit.SYSTEM, audit.bot(bot_id))
    assert ended.why == "pool-b, its target, is gone."
    assert ended.before == {"from": "pool-a", "to": "pool-b", "phase": "stopping"}


async def test_a_move_that_arrives_is_not_recorded_as_abandoned(rig: Rig) -> None:
    for pool_id in ("pool-a", "pool-b"):
        await rig.add_pool(FakeAgent(pool_id))
    bot_id = await placed(rig, "pool-a")
    async with rig.database.unit_of_work() as session:
        key = moves.MoveKey.of(await moves.request(session, bot_id, "pool-b", "move", POLICY))
    async with rig.database.unit_of_work() as session:
        assert await moves.arrive(session, key, await session.get_one(BotModel, bot_id))
        await moves.end(session, key)
    assert await rows(rig.database, "bot.moved")
    assert not await rows(rig.database, "bot.move_abandon")


async def test_whose_the_local_pool_became_is_recorded_once(rig: Rig) -> None:
    async with rig.database.unit_of_work() as session:
        await service.ensure_local_pool(session, 5, None)
        assert not await service.claim_local_pool(session), "there is no administrator yet"
    assert not await rows(rig.database, "pool.claim")
    await placed(rig, LOCAL_POOL)
    for _ in range(2):
        async with rig.database.unit_of_work() as session:
            await service.claim_local_pool(session)
    claim = await only(rig, "pool.claim")
    assert (claim.actor, claim.subject) == (audit.SYSTEM, audit.pool(LOCAL_POOL))
    assert (claim.before, claim.after) == ({"tenant_id": None}, {"tenant_id": OWNER})
