"""What one user may have: so many bots, and so much memory."""

import asyncio
from collections.abc import Callable

import pytest

from orchestrator.audit import service as audit
from orchestrator.audit.service import By
from orchestrator.bots import quotas, service
from orchestrator.bots.models import BotStatusModel
from orchestrator.db import tenancy
from orchestrator.db.tenancy import Reach
from orchestrator.errors import NoCapacity, NotFound, QuotaExceeded
from orchestrator.pools import provision
from orchestrator.pools.placement import MEMORY_OF_A_BOT_BYTES
from orchestrator.pools.policy import PoolPolicy
from orchestrator.users import sharing
from orchestrator.users.models import UserModel
from orchestrator.users.quotas import Quota
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


async def test_memory_is_asked_for_when_a_stopped_bot_is_started(rig: Rig) -> None:
    await allow(rig, max_memory_bytes=100 * MB)
    bots = [await rig.create(f"bot {number}", desired_state="stopped") for number in range(3)]
    for bot in bots[:2]:
        await rig.want(bot.id, "running")
    for desired in ("running", "paused"):
        with pytest.raises(QuotaExceeded, match="may use 100 MB; this one takes 40 MB"):
            await rig.want(bots[2].id, desired)
    assert (await rig.row(bots[2].id)).desired_state == "stopped"
    await rig.want(bots[0].id, "paused")
    await rig.want(bots[0].id, "stopped")
    await rig.want(bots[2].id, "running")
    with pytest.raises(QuotaExceeded):
        await rig.want(bots[0].id, "running")
    await allow(rig, max_memory_bytes=0)
    await rig.want(bots[1].id, "paused")
    await rig.want(bots[1].id, "running")


async def test_a_bot_that_only_just_stopped_is_not_counted_twice_when_it_starts(rig: Rig) -> None:
    await allow(rig, max_memory_bytes=60 * MB)
    bot = await rig.create("one")
    async with rig.database.unit_of_work() as session:
        status = await session.get_one(BotStatusModel, bot.id)
        status.slot = {"memory": {"pss_bytes": 50 * MB, "uss_bytes": 0, "rss_bytes": 0}}
        session.add(status)
    await rig.want(bot.id, "stopped")
    await rig.want(bot.id, "running")


async def test_bots_started_at_once_do_not_exceed_the_quota_together(rig: Rig) -> None:
    await allow(rig, max_memory_bytes=100 * MB)
    bots = [await rig.create(f"bot {number}", desired_state="stopped") for number in range(6)]
    wanted = [rig.want(bot.id, "running") for bot in bots]
    outcomes = await asyncio.gather(*wanted, return_exceptions=True)
    assert [isinstance(outcome, QuotaExceeded) for outcome in outcomes].count(True) == 4, outcomes


async def test_the_settings_count_for_users_without_a_quota_of_their_own(rig: Rig) -> None:
    default = Quota(max_bots=1, max_memory_bytes=2000 * MB)
    await rig.create("one", quota=default)
    with pytest.raises(QuotaExceeded, match="may have 1"):
        await rig.create("two", quota=default)
    await allow(rig, max_bots=2)
    bot = await rig.create("two", quota=default)
    policy = PoolPolicy(memory_limit_bytes=1500 * MB, quota=default)
    async with rig.database.unit_of_work() as session:
        await provision.make(session, OWNER, policy, "")
        with pytest.raises(NoCapacity, match="may use 2000 MB in all"):
            await provision.make(session, OWNER, policy, "")
        await service.set_desired(session, OWNER, bot.id, "stopped")
        with pytest.raises(QuotaExceeded, match="may use 79 MB"):
            await service.set_desired(session, OWNER, bot.id, "running", quota=Quota(max_memory_bytes=80 * MB - 1))


async def test_an_administrator_sets_quotas_and_that_is_audited_once(rig: Rig) -> None:
    by, default = By("user-admin", "He paid."), Quota(max_bots=7)
    await rig.create("one")
    for _ in range(2):
        async with rig.database.unit_of_work() as session:
            found = await quotas.change(session, by, OWNER, {"max_bots": 3}, default)
    assert (found.allowed, found.bots, found.memory_bytes) == (Quota(3, None), 1, MEMORY_OF_A_BOT_BYTES)
    async with rig.database.unit_of_work() as session:
        await quotas.change(session, by, OWNER, {"max_bots": None, "max_memory_bytes": 5 * MB}, default)
        found = await quotas.get(session, OWNER, default)
        assert found.allowed == Quota(7, 5 * MB)
        with pytest.raises(NotFound):
            await quotas.change(session, by, "nobody", {"max_bots": 1}, default)
    async with rig.database.read() as session:
        rows = (await audit.list_(session, limit=9, subject=audit.user(OWNER))).items
    assert [(row.action, row.why, row.before, row.after) for row in rows] == [
        (
            "user.quotas",
            "He paid.",
            {"max_bots": 3, "max_memory_bytes": None},
            {"max_bots": None, "max_memory_bytes": 5 * MB},
        ),
        ("user.quotas", "He paid.", {"max_bots": None}, {"max_bots": 3}),
    ]


@pytest.mark.parametrize(
    "reach",
    [
        lambda bot_id: Reach(OWNER, "operate", bot_ids=frozenset({bot_id})),
        lambda _: Reach("user-two", "operate"),
    ],
    ids=["a token for one bot", "somebody whom one bot is shared with"],
)
async def test_whoever_starts_a_bot_all_of_its_owners_bots_count(rig: Rig, reach: Callable[[str], Reach]) -> None:
    await rig.create("runs")
    stopped = await rig.create("stopped", desired_state="stopped")
    await rig.add_user("user-two")
    await allow(rig, max_memory_bytes=MEMORY_OF_A_BOT_BYTES)
    async with rig.database.unit_of_work() as session:
        await sharing.give(session, OWNER, "user-two", stopped.id, "operate")
    async with rig.database.unit_of_work() as session:
        tenancy.bind(session, reach(stopped.id))
        with pytest.raises(QuotaExceeded):
            await service.set_desired(session, None, stopped.id, "running")
