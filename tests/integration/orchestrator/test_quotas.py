"""What one user may have: so many bots, and so much memory."""

import pytest

from orchestrator.bots.models import BotStatusModel
from orchestrator.errors import QuotaExceeded
from orchestrator.pools.placement import MEMORY_OF_A_BOT_BYTES
from orchestrator.users.models import UserModel
from tests.integration.orchestrator.rig import OWNER, Rig

MB = 2**20


async def allow(rig: Rig, **quota: int) -> None:
    async with rig.database.unit_of_work() as session:
        user = await session.get_one(UserModel, OWNER)
        for name, value in quota.items():
            setattr(user, name, value)
        session.add(user)


async def test_a_user_has_no_more_bots_than_allowed_and_deleted_ones_do_not_count(rig: Rig) -> None:
    await allow(rig, max_bots=2)
    first = await rig.create("first")
    await rig.create("second", desired_state="stopped")
    with pytest.raises(QuotaExceeded, match="may have 2") as refused:
        await rig.create("third")
    assert (refused.value.params["limit"], refused.value.params["used"]) == ("max_bots", 2)
    await rig.add_user("user-two")
    await rig.create("first", owner_id="user-two")
    async with rig.database.unit_of_work() as session:
        await session.delete(await session.get_one(BotStatusModel, first.id))
        await session.delete(await session.get_one(type(first), first.id))
    await rig.create("third")


async def test_memory_is_what_was_measured_and_a_price_for_the_others(rig: Rig) -> None:
    await allow(rig, max_memory_bytes=300 * MB)
    measured = await rig.create("measured")
    await rig.create("not yet")
    await rig.create("stopped", desired_state="stopped")
    async with rig.database.unit_of_work() as session:
        status = await session.get_one(BotStatusModel, measured.id)
        status.slot = {"memory": {"pss_bytes": 210 * MB, "uss_bytes": 0, "rss_bytes": 0}}
        session.add(status)
    assert MEMORY_OF_A_BOT_BYTES == 40 * MB
    await rig.create("just fits")
    with pytest.raises(QuotaExceeded, match="may use 300 MB") as refused:
        await rig.create("too much")
    assert refused.value.params["limit"] == "max_memory_bytes"
