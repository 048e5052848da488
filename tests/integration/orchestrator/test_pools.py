"""Pools that come and go: the keeper over a driver of fakes, tenancy of the local pool, pools made when needed."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from orchestrator.__main__ import ControlPlane
from orchestrator.audit.service import By
from orchestrator.bots.models import BotModel
from orchestrator.errors import Conflict, NotFound
from orchestrator.pools import nodes, provision, repository, rollouts, service
from orchestrator.pools import steering as acts
from orchestrator.pools.client import AgentEndpoint
from orchestrator.pools.drivers import DriverUnavailable, PoolObservation
from orchestrator.pools.models import LOCAL_POOL, MoveModel, PoolModel
from orchestrator.pools.nodes import NodeReport
from orchestrator.pools.policy import PoolPolicy
from orchestrator.pools.service import PoolSeen
from orchestrator.reconcile.keeper import PoolKeeper
from orchestrator.settings import OrchestratorSettings
from orchestrator.users.models import UserModel
from pool.contract.pools import IsolationPart, IsolationReport
from tests.fakes.fake_agent import FakeAgent
from tests.integration.orchestrator.rig import OWNER, Rig
from tests.support import eventually

TWO = "user-two"


class FakeDriver:
    """Each pool is a fake agent."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.removed: list[str] = []
        self.unavailable = False

    async def ensure(self, pool: PoolModel) -> None:
        if pool.id not in self.rig.fakes:
            fake = FakeAgent(pool.id, pool.slots_total)
            await fake.start()
            self.rig.fakes[pool.id] = fake

    async def observe(self, pool_id: str) -> PoolObservation:
        return PoolObservation(pool_id in self.rig.fakes, await self.endpoint(pool_id))

    async def endpoint(self, pool_id: str) -> AgentEndpoint | None:
        return self.rig.fakes[pool_id].endpoint if pool_id in self.rig.fakes else None

    async def stop(self, pool_id: str, *, graceful: bool) -> None:
        fake = self.rig.fakes.pop(pool_id, None)
        if fake is not None:
            await fake.stop()

    async def restart(self, pool: PoolModel, *, graceful: bool) -> None:
        await self.stop(pool.id, graceful=graceful)

    async def remove(self, pool_id: str) -> None:
        if self.unavailable:
            raise DriverUnavailable("The broker does not answer; start it.")
        await self.stop(pool_id, graceful=True)
        self.removed.append(pool_id)

    async def purge(self, pool_id: str) -> None:
        await self.remove(pool_id)

    async def node(self) -> NodeReport | None:
        return NodeReport(name="machine", cores=2, memory_bytes=2**33, conditions=["It has no seccomp."])

    async def list(self) -> list[str]:
        return sorted(self.rig.fakes)


@contextlib.asynccontextmanager
async def keeping(rig: Rig, driver: FakeDriver) -> AsyncIterator[None]:
    keeper = PoolKeeper(rig.database, {"process": driver}, rig.agents, interval_seconds=0.05)
    task = asyncio.create_task(keeper.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def pools_of(rig: Rig, tenant_id: str | None) -> list[PoolModel]:
    async with rig.database.read() as session:
        return [pool for pool in await service.every(session) if pool.tenant_id == tenant_id]


async def change(rig: Rig, pool_id: str, **values: object) -> None:
    async with rig.database.unit_of_work() as session:
        pool = await service.get(session, pool_id)
        for name, value in values.items():
            setattr(pool, name, value)
        session.add(pool)


async def test_a_pool_is_made_for_whoever_needs_one_and_removed_when_it_stays_empty(rig: Rig) -> None:
    rig.settings = rig.settings.model_copy(update={"pools_maximum": 2, "pool_slots": 2, "pool_idle_minutes": 1})
    driver = FakeDriver(rig)
    await rig.add_user(TWO)
    async with rig.running(), keeping(rig, driver):
        bots = [await rig.create(f"bot {number}", owner_id=TWO) for number in range(5)]

        async def states() -> list[str]:
            return sorted([await rig.state(bot.id) for bot in bots])

        async def four_run() -> bool:
            return await states() == ["pending", *["running"] * 4]

        await eventually(four_run)
        made = await pools_of(rig, TWO)
        assert [pool.driver for pool in made] == ["process"] * 2
        assert all(pool.id.startswith("pool-") and len(pool.id) <= 40 for pool in made)
        assert await pools_of(rig, OWNER) == []

        async def told() -> bool:
            conditions = [c for bot in bots for c in (await rig.view(bot.id)).status.conditions]
            return any(c["type"] == "NoCapacity" and "POOLS_MAXIMUM" in c["message"] for c in conditions)

        await eventually(told)
        for bot in bots:
            await rig.want(bot.id, "deleted")

        async def empty() -> bool:
            return all(pool.empty_since is not None for pool in await pools_of(rig, TWO))

        await eventually(empty)
        assert len(await pools_of(rig, TWO)) == 2, "not at once"
        for pool in made:
            await change(rig, pool.id, empty_since=datetime.now(UTC) - timedelta(minutes=2))

        async def gone() -> bool:
            return await pools_of(rig, TWO) == []

        await eventually(gone)
    assert sorted(driver.removed) == sorted(pool.id for pool in made)
    async with rig.database.read() as session:
        row = await session.get_one(BotModel, bots[0].id)
    assert (row.pool_id, row.deleted_at is not None) == (None, True), "the row stays for the history"


async def test_an_idle_pool_that_a_bot_is_just_sent_to_stays(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that commits between the look at moves and the lock on the pool."""
    long_ago = datetime.now(UTC) - timedelta(hours=2)

    async def none_yet(_: object) -> list[MoveModel]:
        return []

    bot = await rig.create("on its way")
    async with rig.database.unit_of_work() as session:
        target = provision.new_pool("pool-idle", OWNER, "process", 5, None, None)
        target.empty_since = long_ago
        session.add(target)
        session.add(
            MoveModel(
                bot_id=bot.id, source_pool_id=LOCAL_POOL, target_pool_id=target.id, epoch=1,
                phase="stopping", reason="move", started_at=long_ago,
            )
        )  # fmt: skip
        await session.flush()
        monkeypatch.setattr(repository, "moves", none_yet)
        policy = PoolPolicy(minimum=0, idle_seconds=60)
        assert "pool-idle" not in await provision.tend(session, policy)
        for move in await repository.moves_of_pool(session, target.id):
            await session.delete(move)
        await session.flush()
        assert "pool-idle" in await provision.tend(session, policy)


async def test_a_pool_that_a_roll_out_made_is_not_idle_while_it_warms_up(rig: Rig) -> None:
    policy, long_ago = PoolPolicy(minimum=0, idle_seconds=0), datetime.now(UTC) - timedelta(hours=1)
    async with rig.database.unit_of_work() as session:
        for pool_id in ("pool-old", "pool-new", "pool-idle"):
            pool = provision.new_pool(pool_id, OWNER, "process", 5, None, None)
            pool.empty_since = long_ago
            session.add(pool)
        rollout = await rollouts.start(session, By("user-admin"), None, ["pool-old"])
        rollout.legs = [{**leg, "target_pool_id": "pool-new"} for leg in rollout.legs]
        await session.flush()
        assert await provision.tend(session, policy) == ["pool-idle"]
        rollout.state = "done"
        await session.flush()
        assert await provision.tend(session, policy) == [], "from now on it is empty"
        for pool_id in ("pool-old", "pool-new"):
            (await service.get(session, pool_id)).empty_since = long_ago
        await session.flush()
        assert await provision.tend(session, policy) == ["pool-new", "pool-old"]


async def test_a_row_goes_only_once_the_driver_has_removed_the_pool(rig: Rig) -> None:
    driver = FakeDriver(rig)
    driver.unavailable = True
    async with rig.database.unit_of_work() as session:
        pool = await service.create(session, OWNER, driver="process", slots_total=3, memory_limit_bytes=None)
    async with keeping(rig, driver):

        async def ready() -> bool:
            return (await pools_of(rig, OWNER))[0].observed_state == "ready"

        await eventually(ready)
        async with rig.database.unit_of_work() as session:
            await service.remove(session, pool.id)

        async def told() -> bool:
            (row,) = await pools_of(rig, OWNER)
            return any("broker" in condition["message"] for condition in row.conditions)

        await eventually(told)
        with pytest.raises(Conflict):
            async with rig.database.unit_of_work() as session:
                await service.uncordon(session, pool.id)
        driver.unavailable = False

        async def gone() -> bool:
            return await pools_of(rig, OWNER) == []

        await eventually(gone)
    assert driver.removed == [pool.id]


async def test_the_machine_is_told_of_and_its_pools_are_on_it(rig: Rig) -> None:
    async with rig.database.unit_of_work() as session:
        await service.create(session, None, driver="process", slots_total=3, memory_limit_bytes=None)
    async with keeping(rig, FakeDriver(rig)):

        async def known() -> bool:
            async with rig.database.read() as session:
                return bool(await nodes.every(session))

        await eventually(known)
    async with rig.database.unit_of_work() as session:
        (node,) = await nodes.every(session)
        (pool,) = await service.every(session)
        assert (node.name, node.driver, node.report["cores"], pool.node) == ("machine", "process", 2, "machine")
        assert [condition["message"] for condition in node.conditions] == ["It has no seccomp."]
        await nodes.observe(session, "process", None, "The broker does not answer.")
        (node,) = await nodes.every(session)
        assert [condition["type"] for condition in node.conditions] == ["NodeUnreachable"]
        assert node.report["cores"] == 2, "what was known stays"


async def test_a_wall_that_is_missing_is_a_condition(rig: Rig) -> None:
    agent = FakeAgent()
    await rig.add_pool(agent)
    client = await rig.agents.agent_for("pool-a")
    parts = [
        IsolationPart(name="landlock", in_force=False, detail="The kernel has none."),
        IsolationPart(name="seccomp", in_force=True, detail="All of it."),
    ]
    report = (await client.pool()).model_copy(update={"isolation": IsolationReport(parts=parts)})
    async with rig.database.unit_of_work() as session:
        await service.observe(session, "pool-a", PoolSeen(datetime.now(UTC), True, report))
        await service.set_condition(session, "pool-a", service.DRAIN_STUCK, "Nowhere to go.")
        pool = await service.get(session, "pool-a")
        since = {held["type"]: held["since"] for held in pool.conditions}
        assert since.keys() == {"IsolationReduced", service.DRAIN_STUCK}
        assert any("landlock: The kernel has none." in held["message"] for held in pool.conditions)
        assert not any("seccomp" in held["message"] for held in pool.conditions)
        await service.observe(session, "pool-a", PoolSeen(datetime.now(UTC), True, None, "It is silent."))
        assert {held["type"] for held in pool.conditions} == {"IsolationReduced", service.DRAIN_STUCK, "Unreachable"}
        await service.observe(session, "pool-a", PoolSeen(datetime.now(UTC), True, report))
        assert {held["type"]: held["since"] for held in pool.conditions} == since
        whole = report.model_copy(update={"isolation": IsolationReport(parts=parts[1:])})
        await service.observe(session, "pool-a", PoolSeen(datetime.now(UTC), True, whole))
        await service.set_condition(session, "pool-a", service.DRAIN_STUCK, None)
        assert pool.conditions == []


async def test_readiness_which_is_open_to_all_names_nobodys_quota(tmp_path: Path) -> None:
    control = ControlPlane(OrchestratorSettings(home=tmp_path, paper_exchange=False, gateway=False), drivers={})
    await control.start()
    try:
        async with control.database.unit_of_work() as session:
            pool = await service.create(session, None, driver="none", slots_total=1, memory_limit_bytes=None)
            await service.set_condition(session, pool.id, service.DRAIN_STUCK, "The user may use 512 MB.")
            told = PoolSeen(datetime.now(UTC), False, None, "The image is missing.")
            await service.observe(session, pool.id, told)
        reason = (await control.readiness())[pool.id]
    finally:
        await control.stop(pools=False)
    assert reason is not None
    assert "The image is missing." in reason
    assert "512 MB" not in reason


async def local_tenant(rig: Rig) -> str | None:
    async with rig.database.unit_of_work() as session:
        await service.ensure_local_pool(session, 5, None)
        await service.claim_local_pool(session)
        pool = await repository.find(session, LOCAL_POOL)
    assert pool is not None
    return pool.tenant_id


async def put_bot(rig: Rig, name: str, owner_id: str) -> None:
    bot = await rig.create(name, owner_id=owner_id)
    async with rig.database.unit_of_work() as session:
        row = await session.get_one(BotModel, bot.id)
        service.assign(session, row, await service.get(session, LOCAL_POOL))


async def test_the_local_pool_is_the_first_administrators(rig: Rig) -> None:
    assert await local_tenant(rig) is None, "there is none yet"
    async with rig.database.unit_of_work() as session:
        for name, role in (("user-late", "admin"), (TWO, "admin"), ("user-trader", "trader")):
            age = timedelta(days=0 if name == "user-late" else 3)
            made = datetime.now(UTC) - age
            session.add(UserModel(id=name, username=name, password_hash="-", role=role, created_at=made))
    assert await local_tenant(rig) == TWO


async def test_an_old_home_of_several_users_keeps_their_bots_and_takes_no_new_ones(rig: Rig) -> None:
    await rig.add_user(TWO)
    async with rig.database.unit_of_work() as session:
        await service.ensure_local_pool(session, 5, None)
    await put_bot(rig, "one", TWO)
    await put_bot(rig, "two", OWNER)
    assert await local_tenant(rig) is None
    rig.settings = rig.settings.model_copy(update={"pools_maximum": 1})
    driver = FakeDriver(rig)
    async with rig.running(), keeping(rig, driver):
        new = await rig.create("new")

        async def placed() -> bool:
            return (await rig.row(new.id)).pool_id not in (None, LOCAL_POOL)

        await eventually(placed)
        async with rig.database.read() as session:
            assert list(await repository.moves(session)) == []


async def test_an_old_home_of_one_user_becomes_his(rig: Rig) -> None:
    await rig.add_user(TWO)
    async with rig.database.unit_of_work() as session:
        await service.ensure_local_pool(session, 5, None)
    await put_bot(rig, "one", TWO)
    assert await local_tenant(rig) == TWO


@pytest.mark.parametrize("gone", [False, True], ids=["on its way out", "gone"])
async def test_a_local_pool_that_was_removed_stays_so(rig: Rig, gone: bool) -> None:
    async with rig.database.unit_of_work() as session:
        await service.ensure_local_pool(session, 5, None)
        await acts.cordon(session, By("user-admin"), LOCAL_POOL)
        await service.ensure_local_pool(session, 6, None)
        pool = await service.get(session, LOCAL_POOL)
        assert (pool.slots_total, pool.cordoned, pool.desired_state) == (6, True, "running")
        await acts.remove(session, By("user-admin"), LOCAL_POOL)
    if gone:
        async with rig.database.unit_of_work() as session:
            await service.forget(session, LOCAL_POOL)
    async with rig.database.unit_of_work() as session:
        await service.ensure_local_pool(session, 5, None)
    async with rig.database.read() as session:
        assert [pool.desired_state for pool in await service.every(session)] == ([] if gone else ["removed"])


async def test_nobody_makes_a_pool_for_a_stranger(rig: Rig) -> None:
    with pytest.raises(NotFound):
        async with rig.database.unit_of_work() as session:
            await service.create(session, "user-nobody", driver="process", slots_total=1, memory_limit_bytes=None)
