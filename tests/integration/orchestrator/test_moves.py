"""Moving bots between pools, with the real reconciler and agents whose bots are counted trades."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Iterator

import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.audit import service as audit
from orchestrator.bots.models import BotModel
from orchestrator.db.engine import Database
from orchestrator.errors import Conflict, InvalidSpec, NoCapacity, NotFound
from orchestrator.pools import moves, service
from orchestrator.pools.models import MoveModel, PoolModel
from orchestrator.pools.policy import PoolPolicy
from orchestrator.reconcile import steering
from orchestrator.reconcile.loop import Reconciler
from pool.contract.slots import ConditionType
from tests.fakes.model_agent import Ledger, ModelAgent
from tests.integration.orchestrator.rig import Rig
from tests.support import eventually


class Fleet:
    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.ledger = Ledger()
        self.agents: dict[str, ModelAgent] = {}

    async def pool(self, pool_id: str, **more: object) -> ModelAgent:
        agent = self.agents[pool_id] = ModelAgent(pool_id, self.ledger)
        await self.rig.add_pool(agent, **more)  # type: ignore[arg-type]
        return agent

    async def move(self, bot_id: str, target: str | None) -> MoveModel:
        async with self.rig.database.unit_of_work() as session:
            move = await moves.request(session, bot_id, target, "move", PoolPolicy())
        await self.rig.hint()
        return move

    async def moving(self) -> list[MoveModel]:
        async with self.rig.database.read() as session:
            return list(await moves.list_(session))

    async def none_moves(self) -> bool:
        return not await self.moving()

    def runs_in(self, bot_id: str) -> list[str]:
        return [pool_id for pool_id, agent in self.agents.items() if bot_id in agent.processes]

    def check(self) -> None:
        """At most one process each, and that one has every trade."""
        for bot_id, trades in self.ledger.trades.items():
            running = self.runs_in(bot_id)
            assert len(running) <= 1, f"{bot_id} runs in {running}"
            for pool_id in running:
                assert self.agents[pool_id].directories[bot_id].trades == trades, f"{bot_id} lost trades"

    async def runs(self, bot_id: str, pool_id: str) -> None:
        await eventually(lambda: self.runs_in(bot_id) == [pool_id])


class Mortal(Database):
    """A database to a control plane that is killed: what it began is done or not done, never half."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._dead = False
        self._busy = 0
        self._idle = asyncio.Event()

    async def die(self) -> None:
        self._dead = True
        if self._busy:
            await self._idle.wait()

    @contextlib.asynccontextmanager
    async def unit_of_work(self) -> AsyncIterator[AsyncSession]:
        with self._alive():
            async with super().unit_of_work() as session:
                yield session

    @contextlib.asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        with self._alive():
            async with super().read() as session:
                yield session

    @contextlib.contextmanager
    def _alive(self) -> Iterator[None]:
        if self._dead:
            raise OSError("killed")
        self._busy += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._busy -= 1
            if not self._busy:
                self._idle.set()


class Plane:
    """A control plane that can be killed in the midst of what it does to agents."""

    def __init__(self, rig: Rig) -> None:
        self._database = Mortal(rig.database.url)
        reconciler = Reconciler(self._database, rig.bus, rig.agents, rig.catalogue, rig.settings)
        self._task = asyncio.create_task(reconciler.run())

    async def kill(self) -> None:
        await self._database.die()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._database.close()


@pytest.fixture
async def fleet(rig: Rig) -> Fleet:
    made = Fleet(rig)
    await made.pool("pool-a")
    return made


async def test_a_running_bot_arrives_with_its_trades_and_is_archived_where_it_was(fleet: Fleet) -> None:
    async with fleet.rig.running():
        bot = await fleet.rig.create()
        await fleet.runs(bot.id, "pool-a")
        fleet.agents["pool-a"].trade(bot.id)
        target = await fleet.pool("pool-b")
        await fleet.move(bot.id, "pool-b")
        await fleet.runs(bot.id, "pool-b")
        await eventually(fleet.none_moves)
    row = await fleet.rig.row(bot.id)
    assert (row.pool_id, row.epoch) == ("pool-b", 3)
    assert target.directories[bot.id].trades == 1
    source = fleet.agents["pool-a"]
    assert bot.id not in source.slots
    assert [(bot_id, left.trades, left.epoch) for bot_id, left in source.archives] == [(bot.id, 1, 2)]
    fleet.check()


async def test_a_stopped_bot_is_moved_too_and_keeps_its_slot(fleet: Fleet) -> None:
    async with fleet.rig.running():
        bot = await fleet.rig.create()
        await fleet.runs(bot.id, "pool-a")
        fleet.agents["pool-a"].trade(bot.id)
        await fleet.rig.want(bot.id, "stopped")
        target = await fleet.pool("pool-b")
        await fleet.move(bot.id, None)
        await eventually(fleet.none_moves)
        assert target.directories[bot.id].trades == 1
        assert target.slots[bot.id].observed_state == "stopped"
        assert fleet.runs_in(bot.id) == []
        await fleet.rig.want(bot.id, "running")
        await fleet.runs(bot.id, "pool-b")


async def test_it_says_that_it_moves_and_why_it_does_not_get_on(fleet: Fleet) -> None:
    rig = fleet.rig
    async with rig.running():
        bot = await rig.create()
        await fleet.runs(bot.id, "pool-a")
        target = await fleet.pool("pool-b")
        target.zygote = "warming"
        await fleet.move(bot.id, "pool-b")

        async def told() -> bool:
            conditions = (await rig.view(bot.id)).status.conditions
            return any(one["type"] == ConditionType.MOVING and "not ready" in one["message"] for one in conditions)

        await eventually(told)
        (move,) = await fleet.moving()
        assert move.problem is not None
        assert fleet.runs_in(bot.id) == ["pool-a"], "it trades on as long as it would have to wait"
        target.refuses_directories, target.zygote = True, "ready"
        await eventually(lambda: not fleet.runs_in(bot.id))
        async with rig.database.unit_of_work() as session:
            await moves.abandon(session, bot.id)
        await rig.hint()
        await fleet.runs(bot.id, "pool-a")
        assert (await rig.row(bot.id)).epoch > 1, "whatever was on its way for the old assignment is stale"

        async def silent() -> bool:
            return not (await rig.view(bot.id)).status.conditions

        await eventually(silent)


async def test_deleted_on_the_way_it_is_deleted(fleet: Fleet) -> None:
    rig = fleet.rig
    async with rig.running():
        bot = await rig.create()
        await fleet.runs(bot.id, "pool-a")
        target = await fleet.pool("pool-b")
        target.refuses_directories = True
        await fleet.move(bot.id, "pool-b")
        await eventually(lambda: not fleet.runs_in(bot.id))
        await rig.want(bot.id, "deleted")
        await eventually(fleet.none_moves)

        async def deleted() -> bool:
            return (await rig.row(bot.id)).deleted_at is not None

        await eventually(deleted)
    assert not any(bot.id in agent.slots for agent in fleet.agents.values())
    assert [bot_id for bot_id, _ in fleet.agents["pool-a"].archives] == [bot.id]


async def test_a_source_that_is_gone_for_good_does_not_hold_a_move_for_ever(fleet: Fleet) -> None:
    rig, source = fleet.rig, fleet.agents["pool-a"]
    source.lingering = True
    async with rig.running():
        bot = await rig.create()
        await fleet.runs(bot.id, "pool-a")
        await fleet.pool("pool-b")
        await fleet.move(bot.id, "pool-b")
        await fleet.runs(bot.id, "pool-b")
        with pytest.raises(Conflict, match="belongs to pool-b"):
            async with rig.database.unit_of_work() as session:
                await moves.abandon(session, bot.id)
        source.reachable = False

        async def told() -> bool:
            return (await fleet.moving())[0].problem is not None

        await eventually(told)
        async with rig.database.unit_of_work() as session:
            await moves.abandon(session, bot.id)
        source.reachable, source.lingering = True, False
        assert source.slots[bot.id].observed_state == "stopped"
        await fleet.move(bot.id, "pool-a")
        await fleet.runs(bot.id, "pool-a")
        await eventually(fleet.none_moves)
    fleet.check()


async def test_what_an_abandoned_move_left_behind_is_cleared_away(fleet: Fleet) -> None:
    rig, source = fleet.rig, fleet.agents["pool-a"]
    source.lingering = True
    async with rig.running():
        bot = await rig.create()
        await fleet.runs(bot.id, "pool-a")
        source.trade(bot.id)
        await fleet.pool("pool-b")
        await fleet.move(bot.id, "pool-b")
        await fleet.runs(bot.id, "pool-b")
        source.reachable = False

        async def told() -> bool:
            return (await fleet.moving())[0].problem is not None

        await eventually(told)
        async with rig.database.unit_of_work() as session:
            await moves.abandon(session, bot.id)
        assert bot.id in source.slots
        source.reachable, source.lingering = True, False
        await eventually(lambda: bot.id not in source.slots)
        assert [(bot_id, left.trades) for bot_id, left in source.archives] == [(bot.id, 1)]
        assert fleet.runs_in(bot.id) == ["pool-b"]
    fleet.check()


async def test_a_pool_that_is_full_against_expectation_holds_up_nobody(fleet: Fleet) -> None:
    """Its agent has fewer slots than its row says."""
    rig = fleet.rig
    async with rig.running():
        bot = await rig.create()
        await fleet.runs(bot.id, "pool-a")
        small = await fleet.pool("pool-b")
        async with rig.database.unit_of_work() as session:
            target = await session.get_one(PoolModel, "pool-b")
            target.slots_total = 50
        small.slots_total = 0
        await fleet.move(bot.id, "pool-b")

        async def waits() -> bool:
            return any("no free slot" in str(move.problem) for move in await fleet.moving())

        await eventually(waits)
        assert fleet.runs_in(bot.id) == ["pool-a"], "it trades on as long as it would have to wait"
        new = await rig.create("new", desired_state="stopped")
        async with rig.database.unit_of_work() as session:
            row = await session.get_one(BotModel, new.id)
            service.assign(session, row, await session.get_one(PoolModel, "pool-b"))
        await rig.want(new.id, "running")
        await fleet.runs(new.id, "pool-a")
        assert (await rig.row(new.id)).pool_id == "pool-a"


async def test_a_drained_pool_gives_its_bots_away_and_can_be_removed(fleet: Fleet) -> None:
    rig = fleet.rig
    async with rig.running():
        bots = [await rig.create(f"bot {number}") for number in range(5)]
        for bot in bots:
            await fleet.runs(bot.id, "pool-a")
        await rig.want(bots[0].id, "stopped")
        with pytest.raises(Conflict, match="fit into no other"):
            async with rig.database.unit_of_work() as session:
                await service.drain(session, "pool-a", PoolPolicy(maximum=1))
        await fleet.pool("pool-b")
        async with rig.database.unit_of_work() as session:
            await service.drain(session, "pool-a", PoolPolicy(maximum=1))
        with pytest.raises(Conflict, match="drain"):
            async with rig.database.unit_of_work() as session:
                await service.remove(session, "pool-a")
        most = 0

        async def empty() -> bool:
            nonlocal most
            under_way = await fleet.moving()
            most = max(most, len(under_way))
            rows = [await rig.row(bot.id) for bot in bots]
            return not under_way and all(row.pool_id == "pool-b" for row in rows)

        await eventually(empty)
        assert most <= 2, "few at a time"
        for bot in bots[1:]:
            await fleet.runs(bot.id, "pool-b")
        async with rig.database.unit_of_work() as session:
            pool = await service.remove(session, "pool-a")
    assert pool.desired_state == "removed"


async def test_a_bot_that_cannot_be_moved_trades_on_without_anybody_looking(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = fleet.rig
    async with rig.running():
        bot = await rig.create()
        await fleet.runs(bot.id, "pool-a")
        target = await fleet.pool("pool-b")
        target.refuses_directories = True
        async with rig.database.unit_of_work() as session:
            await service.drain(session, "pool-a", PoolPolicy(maximum=1))
        await eventually(lambda: not fleet.runs_in(bot.id))
        monkeypatch.setattr(steering, "GIVE_UP_SECONDS", 0.0)
        await fleet.runs(bot.id, "pool-a")
        assert await fleet.moving() == [], "it is left in peace for a while"
        async with rig.database.read() as session:
            (held,) = (await service.get(session, "pool-a")).conditions
            last = (await audit.list_(session, limit=1, subject=audit.bot(bot.id))).items[0]
    assert held["type"] == service.DRAIN_STUCK
    assert bot.id in held["message"]
    assert (last.action, last.actor) == ("bot.move_abandon", audit.SYSTEM)


async def test_a_move_that_its_roll_out_no_longer_waits_for_is_given_up_as_any_other(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = fleet.rig
    async with rig.running():
        bot = await rig.create()
        await fleet.runs(bot.id, "pool-a")
        target = await fleet.pool("pool-b")
        target.refuses_directories = True
        async with rig.database.unit_of_work() as session:
            await moves.request(session, bot.id, "pool-b", "rollout", PoolPolicy())
        await eventually(lambda: not fleet.runs_in(bot.id))
        monkeypatch.setattr(steering, "GIVE_UP_SECONDS", 0.0)
        await fleet.runs(bot.id, "pool-a")
        assert await fleet.moving() == []


async def test_a_bot_that_its_pool_cannot_hand_over_goes_on_at_once(fleet: Fleet) -> None:
    rig = fleet.rig
    async with rig.running():
        bot = await rig.create()
        await fleet.runs(bot.id, "pool-a")
        await fleet.pool("pool-b")
        fleet.agents["pool-a"].keeps_back.add(bot.id)
        await fleet.move(bot.id, "pool-b")
        await eventually(fleet.none_moves)
        await fleet.runs(bot.id, "pool-a")
        async with rig.database.read() as session:
            last = (await audit.list_(session, limit=1, subject=audit.bot(bot.id))).items[0]
    assert (last.action, last.actor) == ("bot.move_abandon", audit.SYSTEM)
    assert "says the model" in last.why


async def test_what_cannot_be_moved_is_refused(fleet: Fleet) -> None:
    rig = fleet.rig
    await rig.add_user("user-two")
    await fleet.pool("pool-b")
    await fleet.pool("pool-two", tenant_id="user-two")
    await fleet.pool("pool-shared", tenant_id=None)
    async with rig.running():
        bot = await rig.create()
        await eventually(lambda: len(fleet.runs_in(bot.id)) == 1)
    (here,) = fleet.runs_in(bot.id)
    there = "pool-b" if here == "pool-a" else "pool-a"
    for target in (here, "pool-nowhere", "pool-two", "pool-shared"):
        with pytest.raises(InvalidSpec):
            await fleet.move(bot.id, target)
    with pytest.raises(NotFound):
        await fleet.move("bot-nobody", None)
    async with rig.database.unit_of_work() as session:
        await service.cordon(session, there)
    with pytest.raises(Conflict):
        await fleet.move(bot.id, there)
    with pytest.raises(NoCapacity, match="POOLS_MAXIMUM"):
        async with rig.database.unit_of_work() as session:
            await moves.request(session, bot.id, None, "move", PoolPolicy(maximum=2))
    async with rig.database.unit_of_work() as session:
        await service.uncordon(session, there)
    first = await fleet.move(bot.id, there)
    again = await fleet.move(bot.id, None)
    assert again.started_at == first.started_at
    with pytest.raises(Conflict):
        await fleet.move(bot.id, "pool-shared")


@pytest.mark.parametrize("seed", [1, 2])
async def test_no_trade_is_lost_and_none_runs_twice_whatever_breaks(fleet: Fleet, seed: int) -> None:
    """Two control planes at once, killed and started again; agents that break off before or after they obeyed, fall
    silent, or die; users who change their minds. After every step a bot has one process at most, and that one has
    every trade."""
    chance = random.Random(seed)
    rig = fleet.rig
    for pool_id in ("pool-b", "pool-c"):
        await fleet.pool(pool_id)
    for agent in fleet.agents.values():
        agent.whims = chance
    planes = [Plane(rig), Plane(rig)]
    bots = [await rig.create(f"bot {number}") for number in range(3)]
    requested = 0
    try:
        for _ in range(150):
            bot_id = chance.choice(bots).id
            agent = chance.choice(list(fleet.agents.values()))
            match chance.choice(["move", "move", "abandon", "want", "break", "silence", "die", "plane", "trade"]):
                case "move":
                    try:
                        await fleet.move(bot_id, chance.choice([None, *fleet.agents]))
                        requested += 1
                    except (Conflict, InvalidSpec, NoCapacity):
                        pass
                case "abandon" if chance.random() < 0.3:
                    try:
                        async with rig.database.unit_of_work() as session:
                            await moves.abandon(session, bot_id)
                    except (Conflict, NotFound):
                        pass
                case "want":
                    await rig.want(bot_id, chance.choice(["running", "running", "paused", "stopped"]))
                case "break":
                    agent.breaking = chance.choice([0.0, 0.2, 0.5])
                case "silence":
                    agent.reachable = chance.random() < 0.7
                case "die":
                    agent.kill()
                case "plane":
                    number = chance.randrange(2)
                    await planes[number].kill()
                    planes[number] = Plane(rig)
            for one in fleet.agents.values():
                for running in list(one.processes):
                    one.trade(running)
                one.settle()
            fleet.check()
            await asyncio.sleep(chance.random() * 0.05)  # not to wait for anything: to let the world go on
            fleet.check()
        for agent in fleet.agents.values():
            agent.breaking, agent.reachable = 0.0, True
        for bot in bots:
            await rig.want(bot.id, "running")
        await eventually(fleet.none_moves)
        for bot in bots:
            row = await rig.row(bot.id)
            await fleet.runs(bot.id, str(row.pool_id))
        fleet.check()
    finally:
        for plane in planes:
            await plane.kill()
    assert requested > 5
    assert any(agent.archives for agent in fleet.agents.values()), "bots did move"
    assert sum(fleet.ledger.trades.values()) > 10, "bots did trade"


async def test_a_tenant_gets_a_pool_of_its_own_when_it_needs_one(rig: Rig) -> None:
    await rig.add_user("user-two")
    fleet = Fleet(rig)
    await fleet.pool("pool-a")
    async with rig.running():
        bot = await rig.create("one", owner_id="user-two")

        async def placed() -> bool:
            return (await rig.row(bot.id)).pool_id is not None

        await eventually(placed)
    async with rig.database.read() as session:
        pool = await session.get_one(PoolModel, (await rig.row(bot.id)).pool_id)
    assert (pool.tenant_id, pool.driver, pool.slots_total) == ("user-two", "process", rig.settings.pool_slots)
    assert pool.id != "pool-a"
