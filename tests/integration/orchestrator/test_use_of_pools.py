"""What the database adds up of all bots of a pool. PostgreSQL reads nothing out of a document with a NUL in it."""

from typing import Any

from sqlmodel import col, update

from orchestrator.bots import repository
from orchestrator.bots.models import BotModel, BotStatusModel
from orchestrator.bots.repository import PoolUse
from orchestrator.kit.clock import utc_now
from tests.fakes.fake_agent import FakeAgent
from tests.integration.orchestrator.rig import Rig


async def _place(rig: Rig, name: str, pool_id: str, slot: dict[str, Any] | None, **bot: Any) -> None:
    bot_id = (await rig.create(name)).id
    async with rig.database.unit_of_work() as session:
        await session.exec(update(BotModel).where(col(BotModel.id) == bot_id).values(pool_id=pool_id, **bot))
        await session.exec(update(BotStatusModel).where(col(BotStatusModel.bot_id) == bot_id).values(slot=slot))


async def test_restarts_of_all_and_cpu_of_those_that_run(rig: Rig) -> None:
    for pool_id in ("pool-b", "pool-c"):
        await rig.add_pool(FakeAgent(pool_id))
    slot = {"pid": 7, "restarts": 2, "cpu_percent": "1.5"}
    await _place(rig, "one", "pool-b", slot)
    await _place(rig, "two", "pool-b", slot | {"pid": 8, "restarts": 1, "cpu_percent": "0.25"})
    await _place(rig, "not-measured", "pool-b", slot | {"pid": 9, "restarts": 0, "cpu_percent": None})
    await _place(rig, "ended", "pool-b", slot | {"pid": None, "restarts": 4, "cpu_percent": "50"})
    await _place(rig, "nothing-told", "pool-b", None)
    await _place(rig, "nul", "pool-b", slot | {"last_exit": {"log_tail": ["half a line\0"]}})
    await _place(rig, "deleted", "pool-b", slot, deleted_at=utc_now())
    await _place(rig, "alone", "pool-c", slot | {"pid": None, "cpu_percent": None})

    async with rig.database.read() as session:
        assert await repository.use_of_pools(session, ["pool-b", "pool-c", "pool-none"]) == {
            "pool-b": PoolUse(slots=5, restarts=7, cpu_percent=1.75),
            "pool-c": PoolUse(slots=1, restarts=2, cpu_percent=None),
            "pool-none": PoolUse(),
        }
