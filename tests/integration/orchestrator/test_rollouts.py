"""Roll-outs with the real reconciler, moves and database, over agents whose bots are counted trades."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from orchestrator.audit import service as audit
from orchestrator.audit.service import By
from orchestrator.bots.models import BotModel
from orchestrator.errors import Conflict
from orchestrator.intake import collector
from orchestrator.pools import rollouts, service
from orchestrator.pools.models import PoolModel, RolloutModel
from orchestrator.pools.policy import PoolPolicy
from orchestrator.pools.rollout_facts import ABORT, ROLL_BACK, Limits
from orchestrator.reconcile.rollouts import RolloutTask
from pool.contract.slots import Condition, ConditionType, ObservedState
from pool.contract.snapshots import OpenTrade
from tests.fakes.fake_agent import snapshot
from tests.fakes.model_agent import Ledger, ModelAgent
from tests.integration.orchestrator.rig import Rig
from tests.support import eventually

LIMITS = Limits(ready_seconds=60, move_seconds=60, start_seconds=30)
ANN = By("user-ann", "new code")


class ReportingAgent(ModelAgent):
    """Its bots report their trades, all open. `boots` False: no bot loads. `loses`: one trade goes with each move."""

    def __init__(self, pool_id: str, ledger: Ledger, *, boots: bool = True, loses: bool = False) -> None:
        super().__init__(pool_id, ledger)
        self.boots = boots
        self.loses = loses

    def _refresh(self, bot_id: str) -> None:
        super()._refresh(bot_id)
        if not self.boots and bot_id in self.processes:
            why = Condition(type=ConditionType.BOOT_FAILED, message="No such module.", since=datetime.now(UTC))
            update = {"observed_state": ObservedState.FAILED, "conditions": [why]}
            self.slots[bot_id] = self.slots[bot_id].model_copy(update=update)

    def report(self) -> None:
        """Every bot with a process sends a snapshot."""
        for bot_id in self.processes if self.boots else ():
            trades = [_trade(number) for number in range(self.directories[bot_id].trades - self.loses)]
            self.tell_snapshot(bot_id, snapshot().model_copy(update={"open_trades": trades}))


class Fleet:
    """A rig whose new pools get an agent as soon as somebody wants them, and lose it when they are removed."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.ledger = Ledger()
        self.agents: dict[str, ReportingAgent] = {}
        self.new: Callable[[str], ReportingAgent] = lambda pool_id: ReportingAgent(pool_id, self.ledger)

    async def begin(self, *names: str) -> list[str]:
        """Bots with three trades each in pool-old; one of them is stopped where its name says so."""
        agent = self.agents["pool-old"] = ReportingAgent("pool-old", self.ledger)
        await self.rig.add_pool(agent)
        made = [(await self.rig.create(name)).id for name in names]
        await eventually(lambda: set(agent.processes) == set(made))
        for bot_id in made:
            for _ in range(3):
                agent.trade(bot_id)

        async def settled() -> bool:
            views = [await self.rig.view(bot_id) for bot_id in made]
            trades = [len((view.status.snapshot or {}).get("open_trades", [])) for view in views]
            return trades == [3] * len(made) and all(
                view.status.observed_state == view.bot.desired_state for view in views
            )

        await _comes_true(settled)
        for name, bot_id in zip(names, made, strict=True):
            if name == "stopped":
                await self.rig.want(bot_id, "stopped")
        await _comes_true(settled)
        return made

    async def start(self) -> str:
        async with self.rig.database.unit_of_work() as session:
            return (await rollouts.start(session, ANN, "flotilla-pool:2")).id

    async def wish(self, rollout_id: str, what: str) -> None:
        async with self.rig.database.unit_of_work() as session:
            await rollouts.wish(session, ANN, rollout_id, what)

    async def ends(self, rollout_id: str, state: str) -> RolloutModel:
        async def ended() -> bool:
            found = await self.rollout(rollout_id)
            return found.state == state and found.wish is None

        await _comes_true(ended)
        return await self.rollout(rollout_id)

    async def rollout(self, rollout_id: str) -> RolloutModel:
        async with self.rig.database.read() as session:
            return await rollouts.get(session, rollout_id)

    async def homes(self, bot_ids: list[str]) -> set[str | None]:
        return {(await self.rig.row(bot_id)).pool_id for bot_id in bot_ids}

    async def pool(self, pool_id: str) -> PoolModel:
        async with self.rig.database.read() as session:
            return await service.get(session, pool_id)

    def check(self) -> None:
        """No bot runs twice, and each has every trade."""
        for bot_id, trades in self.ledger.trades.items():
            held = [agent.directories[bot_id].trades for agent in self.agents.values() if bot_id in agent.processes]
            assert held in ([], [trades])

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        policy = PoolPolicy(driver="fake", image="flotilla-pool:1")
        task = RolloutTask(self.rig.database, self.rig.bus, policy, LIMITS, interval_seconds=0.05)
        async with self.rig.running(intake=True):
            tasks = [asyncio.create_task(task.run()), asyncio.create_task(self._drive())]
            try:
                yield
            finally:
                for one in tasks:
                    one.cancel()
                for outcome in await asyncio.gather(*tasks, return_exceptions=True):
                    if isinstance(outcome, Exception):
                        raise outcome

    async def _drive(self) -> None:
        """Stands in for the keeper and its driver."""
        while True:
            async with self.rig.database.read() as session:
                pools = await service.every(session)
            for pool in pools:
                if pool.desired_state == "removed":
                    async with self.rig.database.unit_of_work() as session:
                        await service.forget(session, pool.id)
                elif pool.id not in self.agents:
                    agent = self.new(pool.id)
                    await agent.start()  # one that was interrupted in this is no agent: the next attempt makes another
                    self.agents[pool.id] = self.rig.fakes[pool.id] = agent
                elif pool.observed_state != "ready":
                    async with self.rig.database.unit_of_work() as session:
                        (await session.get_one(PoolModel, pool.id)).observed_state = "ready"
            for agent in self.agents.values():
                agent.report()
            await asyncio.sleep(0.1)


@pytest.fixture
def fleet(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    monkeypatch.setattr(collector, "_POOLS_SECONDS", 0.1)  # each test waits for this several times
    monkeypatch.setattr(collector, "_FLUSH_SECONDS", 0.2)
    return Fleet(rig)


async def test_every_bot_arrives_with_its_trades_and_the_old_pool_goes(fleet: Fleet) -> None:
    async with fleet.running():
        bots = await fleet.begin("one", "two", "stopped")
        done = await fleet.ends(await fleet.start(), "done")
        fleet.check()
    (leg,) = rollouts.legs_of(done)
    assert sorted(leg.moved) == sorted(bots)
    assert await fleet.homes(bots) == {leg.target_pool_id}
    replacement = await fleet.pool(leg.target_pool_id or "")
    assert (replacement.image, replacement.slots_total, replacement.tenant_id) == ("flotilla-pool:2", 50, "user-one")
    assert {fleet.agents[replacement.id].directories[bot_id].trades for bot_id in bots} == {3}
    async with fleet.rig.database.read() as session:
        acts = [row.action for row in (await audit.list_(session, limit=100)).items if row.subject == "pool/pool-old"]
    assert acts == ["pool.delete", "pool.cordon"]


async def test_a_strategy_that_no_longer_loads_leaves_the_old_pool_serving(fleet: Fleet) -> None:
    fleet.new = lambda pool_id: ReportingAgent(pool_id, fleet.ledger, boots=False)
    async with fleet.running():
        bots = await fleet.begin("one", "two")
        stopped = await fleet.ends(await fleet.start(), "stopped")
        assert "No such module." in (stopped.problem or "")
        assert await fleet.homes(bots) == {"pool-old"}
        await eventually(lambda: set(fleet.agents["pool-old"].processes) == set(bots))
        fleet.check()
    old = await fleet.pool("pool-old")
    assert (old.desired_state, old.cordoned) == ("running", False)


async def test_a_bot_that_is_too_large_to_be_moved_trades_on_where_it_is_and_the_others_go(fleet: Fleet) -> None:
    async with fleet.running():
        bots = await fleet.begin("large", "two", "stopped")
        old = fleet.agents["pool-old"]
        old.keeps_back.add(bots[0])
        done = await fleet.ends(await fleet.start(), "done")
        (leg,) = rollouts.legs_of(done)
        assert leg.left.keys() == {bots[0]}
        assert sorted(leg.moved) == sorted(bots[1:])
        assert await fleet.homes(bots[1:]) == {leg.target_pool_id}
        assert await fleet.homes(bots[:1]) == {"pool-old"}
        await eventually(lambda: set(old.processes) == {bots[0]})
        fleet.check()
    assert f"{bots[0]} stays in pool-old. invalid_spec, says the model" in (done.problem or "")
    pool = await fleet.pool("pool-old")
    assert (pool.desired_state, pool.cordoned) == ("running", True)


async def test_bots_that_may_not_go_into_the_new_pool_stay_where_they_are(rig: Rig) -> None:
    """A pool of several users from before pools had tenants keeps what it has; a shared one would not take it."""
    policy = PoolPolicy(driver="fake", image="flotilla-pool:1")
    fleet, task = Fleet(rig), RolloutTask(rig.database, rig.bus, policy, LIMITS)
    bots = [(await rig.create(name)).id for name in ("one", "two")]
    async with rig.database.unit_of_work() as session:
        pool = await service.create(session, None, driver="fake", slots_total=5, memory_limit_bytes=None)
        for bot_id in bots:
            (await session.get_one(BotModel, bot_id)).pool_id = pool.id
    rollout_id = await fleet.start()
    while await task.tick():
        async with rig.database.unit_of_work() as session:
            for one in await service.every(session):
                one.observed_state = "ready"
    done = await fleet.rollout(rollout_id)
    (leg,) = rollouts.legs_of(done)
    assert (done.state, set(leg.left)) == ("done", set(bots))
    assert "not allowed in shared pools" in leg.left[bots[0]]
    assert await fleet.homes(bots) == {pool.id}


async def test_a_lost_trade_stops_it_at_the_canary(fleet: Fleet) -> None:
    fleet.new = lambda pool_id: ReportingAgent(pool_id, fleet.ledger, loses=True)
    async with fleet.running():
        bots = await fleet.begin("one", "two")
        stopped = await fleet.ends(await fleet.start(), "stopped")
        assert "lost open trades on the way: 2" in (stopped.problem or "")
        assert await fleet.homes(bots) == {"pool-old"}


async def test_what_was_done_is_rolled_back_into_a_pool_of_the_former_image(fleet: Fleet) -> None:
    async with fleet.running():
        bots = await fleet.begin("one", "two")
        rollout_id = await fleet.start()
        await fleet.ends(rollout_id, "done")
        await fleet.wish(rollout_id, ROLL_BACK)
        back = await fleet.ends(rollout_id, "rolled_back")
        (leg,) = rollouts.legs_of(back)
        assert await fleet.homes(bots) == {leg.target_pool_id}
        fleet.check()
        with pytest.raises(Conflict):
            await fleet.wish(rollout_id, ABORT)


async def test_of_roll_outs_that_are_asked_for_at_once_one_begins(fleet: Fleet) -> None:
    async with fleet.running():
        await fleet.begin("a")

        async def ask(image: str) -> str | None:
            with contextlib.suppress(Conflict):
                async with fleet.rig.database.unit_of_work() as session:
                    begun = (await rollouts.start(session, ANN, image)).id
                    await asyncio.sleep(0.2)  # the other one asks before this is committed
                    return begun
            return None

        begun = await asyncio.gather(ask("flotilla-pool:2"), ask("flotilla-pool:3"))
        assert begun.count(None) == 1
        async with fleet.rig.database.read() as session:
            assert len((await rollouts.list_(session, limit=10)).items) == 1


async def test_another_control_plane_goes_on_where_one_died(fleet: Fleet) -> None:
    async with fleet.running():
        bots = await fleet.begin("one", "two", "three")
        rollout_id = await fleet.start()
        await eventually(lambda: len(fleet.agents) == 2)
    for _ in range(3):
        async with fleet.running():
            await asyncio.sleep(0.3)  # not for synchronisation: how long this one lives
    async with fleet.running():
        await fleet.ends(rollout_id, "done")
        fleet.check()
    assert len(await fleet.homes(bots)) == 1
    assert len(fleet.agents) == 2


async def test_while_no_rollout_is_under_way_nothing_is_written(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    task = RolloutTask(fleet.rig.database, fleet.rig.bus, PoolPolicy(driver="fake", image="flotilla-pool:1"), LIMITS)
    monkeypatch.setattr(fleet.rig.database, "unit_of_work", None)
    assert not await task.tick()


async def _comes_true(check: Callable[[], Awaitable[bool]]) -> None:
    came: bool = await eventually(check)
    assert came


def _trade(number: int) -> OpenTrade:
    one = Decimal(1)
    return OpenTrade(
        trade_id=number,
        pair="BTC/USDT",
        base_currency="BTC",
        is_short=False,
        amount=one,
        stake_amount=one,
        open_rate=one,
        current_rate=one,
        stop_rate=None,
        profit_abs=one,
        profit_ratio=one,
        realised_abs=one,
        value_stake=one,
        opened_at=datetime.now(UTC),
        has_open_orders=False,
        entry_tag=None,
    )
