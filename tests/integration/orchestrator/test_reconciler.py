"""The reconciler against fake agents: what is wanted becomes true, whatever the agents do."""

import asyncio
import time
from pathlib import Path

import pytest

from orchestrator.audit import service as audit
from orchestrator.bots import service
from orchestrator.bots.models import BotModel, BotStatusModel
from orchestrator.errors import NotFound
from orchestrator.kit.clock import utc_now
from orchestrator.pools import service as pools_service
from orchestrator.pools.models import MoveModel
from pool.contract.errors import AgentErrorCode
from pool.contract.slots import ConditionType, ObservedState
from tests.fakes.fake_agent import FakeAgent, LyingAgent, NeverAgent, SlowAgent
from tests.integration.orchestrator.rig import OWNER, Rig, kinds, rig_at
from tests.support import eventually


async def is_in(rig: Rig, bot_id: str, state: str) -> bool:
    return await rig.state(bot_id) == state


async def condition_types(rig: Rig, bot_id: str) -> set[str]:
    return {condition["type"] for condition in (await rig.view(bot_id)).status.conditions}


async def holds_nothing(rig: Rig, bot_id: str) -> bool:
    """No condition holds."""
    return not await condition_types(rig, bot_id)


async def test_a_created_bot_runs_and_follows_what_is_wanted(rig: Rig) -> None:
    agent = FakeAgent()
    await rig.add_pool(agent)
    async with rig.running(), rig.listening(f"user.{OWNER}") as heard:
        bot = await rig.create()
        for desired in ("running", "paused", "stopped", "running"):
            await rig.want(bot.id, desired)
            await eventually(lambda d=desired: is_in(rig, bot.id, d))
        view = await rig.view(bot.id)
        assert view.bot.pool_id == "pool-a"
        assert view.bot.epoch == 1
        assert view.status.observed_generation == view.bot.generation
        assert agent.slots[bot.id].desired == "running"
        told = ["running", "paused", "stopped", "running"]
        await eventually(
            lambda: [body["observed_state"] for body in kinds(heard, "bot")] == told, message="all is told"
        )


async def test_nothing_is_said_twice(rig: Rig) -> None:
    agent = FakeAgent()
    await rig.add_pool(agent)
    async with rig.running():
        bot = await rig.create()
        await eventually(lambda: is_in(rig, bot.id, "running"))
        listings = agent.calls.count(("GET", "/v1/slots"))
        await eventually(lambda: agent.calls.count(("GET", "/v1/slots")) > listings + 5)
    assert len(agent.puts) == 1


async def test_a_new_control_plane_adopts_what_runs(rig: Rig) -> None:
    agent = FakeAgent()
    await rig.add_pool(agent)
    async with rig.running():
        bot = await rig.create()
        await eventually(lambda: is_in(rig, bot.id, "running"))
    stopped_meanwhile = await rig.create("two")
    await rig.want(bot.id, "paused")
    async with rig.running():
        await eventually(lambda: is_in(rig, bot.id, "paused"))
        await eventually(lambda: is_in(rig, stopped_meanwhile.id, "running"))
    assert (await rig.row(bot.id)).epoch == 1, "adopted under the same assignment"


async def test_a_lost_slot_is_put_again(rig: Rig) -> None:
    agent = FakeAgent()
    await rig.add_pool(agent)
    async with rig.running():
        bot = await rig.create()
        await eventually(lambda: is_in(rig, bot.id, "running"))
        agent.archive(bot.id)
        await eventually(lambda: bot.id in agent.slots)


async def test_deletion_frees_the_name_and_leaves_nothing(rig: Rig) -> None:
    agent = FakeAgent()
    agent.lingering = True
    await rig.add_pool(agent)
    async with rig.running():
        bot = await rig.create("mine")
        await eventually(lambda: is_in(rig, bot.id, "running"))
        await rig.want(bot.id, "deleted")
        await eventually(lambda: ("DELETE", f"/v1/slots/{bot.id}") in agent.calls)
        assert (await rig.row(bot.id)).deleted_at is None, "not before the slot is gone"
        agent.lingering = False

        async def gone() -> bool:
            return (await rig.row(bot.id)).deleted_at is not None

        await eventually(gone)
        again = await rig.create("mine")
        await eventually(lambda: is_in(rig, again.id, "running"))
    assert agent.archived == [bot.id]
    with pytest.raises(NotFound):
        await rig.view(bot.id)


async def test_a_deletion_that_flattens_waits_until_flat(rig: Rig) -> None:
    agent = FakeAgent()
    agent.flattening = True
    await rig.add_pool(agent)
    async with rig.running():
        bot = await rig.create()
        await eventually(lambda: is_in(rig, bot.id, "running"))
        await rig.want(bot.id, "deleted", "flatten")
        await eventually(lambda: is_in(rig, bot.id, "stopping"))
        assert agent.puts[-1][1].open_trades == "flatten"
        listings = agent.calls.count(("GET", "/v1/slots"))
        await eventually(lambda: agent.calls.count(("GET", "/v1/slots")) > listings + 3)
        assert not agent.archived
        agent.set_state(bot.id, ObservedState.STOPPED)
        await eventually(lambda: agent.archived == [bot.id])


async def test_a_stopped_bot_keeps_its_slot_and_strangers_are_left_alone(rig: Rig) -> None:
    agent = FakeAgent()
    await rig.add_pool(agent)
    async with rig.running():
        bot = await rig.create()
        await eventually(lambda: is_in(rig, bot.id, "running"))
        agent.slots["bot-stranger"] = agent.slots[bot.id].model_copy(update={"bot_id": "bot-stranger"})
        await rig.want(bot.id, "stopped")
        await eventually(lambda: is_in(rig, bot.id, "stopped"))
        listings = agent.calls.count(("GET", "/v1/slots"))
        await eventually(lambda: agent.calls.count(("GET", "/v1/slots")) > listings + 3)
    assert not [call for call in agent.calls if call[0] == "DELETE"]


async def test_a_leftover_slot_of_a_deleted_bot_is_cleared(rig: Rig) -> None:
    agent = FakeAgent()
    await rig.add_pool(agent)
    async with rig.running():
        bot = await rig.create()
        await eventually(lambda: is_in(rig, bot.id, "running"))
        left = (agent.specs[bot.id], agent.slots[bot.id])
        await rig.want(bot.id, "deleted")

        async def gone() -> bool:
            return (await rig.row(bot.id)).deleted_at is not None

        await eventually(gone)
        agent.specs[bot.id], agent.slots[bot.id] = left
        await eventually(lambda: bot.id not in agent.slots)


async def test_a_restart_is_handed_on_once(rig: Rig) -> None:
    agent = FakeAgent()
    await rig.add_pool(agent)
    async with rig.running():
        bot = await rig.create()
        await eventually(lambda: is_in(rig, bot.id, "running"))
        async with rig.database.unit_of_work() as session:
            await service.restart(session, OWNER, bot.id)
        await eventually(lambda: agent.restarts)

        async def done() -> bool:
            return (await rig.view(bot.id)).status.restart_done == 1

        await eventually(done)
    assert agent.restarts == [bot.id]


async def test_one_slow_and_one_dead_agent_delay_nobody_else(tmp_path: Path) -> None:
    async with rig_at(tmp_path) as rig:
        slow, never, quick = SlowAgent(delay_seconds=30), NeverAgent(), FakeAgent("pool-quick", slots_total=1)
        await rig.add_pool(slow)
        await rig.add_pool(never)
        bots = [await rig.create(f"bot {number}") for number in range(4)]
        async with rig.database.unit_of_work() as session:
            pools = {pool.id: pool for pool in await pools_service.every(session)}
            for number, bot in enumerate(bots):
                row = await session.get(type(bot), bot.id)
                assert row is not None
                pools_service.assign(session, row, pools["pool-slow" if number % 2 else "pool-never"])
        async with rig.running():
            await rig.add_pool(quick)
            await eventually(lambda: ("GET", "/v1/pool") in quick.calls)
            began = time.monotonic()
            bot = await rig.create("quick")
            await eventually(lambda: is_in(rig, bot.id, "running"))
            assert time.monotonic() - began < 15, "the others take 20 s and for ever"
            assert (await rig.row(bot.id)).pool_id == "pool-quick"


async def test_a_silent_agent_makes_states_unknown_and_keeps_what_was_known(rig: Rig) -> None:
    rig.settings = rig.settings.model_copy(update={"agent_silence_seconds": 0.5})
    agent = NeverAgent("pool-a")
    agent.answering = True
    await rig.add_pool(agent)
    async with rig.running(intake=True):
        bot = await rig.create()
        await eventually(lambda: is_in(rig, bot.id, "running"))
        agent.answering = False
        await eventually(lambda: is_in(rig, bot.id, "unknown"))
        status = (await rig.view(bot.id)).status
        assert status.slot is not None
        assert status.trader_state == "running"
        assert ConditionType.AGENT_UNREACHABLE in await condition_types(rig, bot.id)
        agent.answering = True
        await eventually(lambda: is_in(rig, bot.id, "running"))
        await eventually(lambda: holds_nothing(rig, bot.id))


async def test_a_lying_agent_counts_as_unreachable(rig: Rig) -> None:
    rig.settings = rig.settings.model_copy(update={"agent_silence_seconds": 0.5})
    await rig.add_pool(LyingAgent("pool-a"))
    async with rig.running(intake=True):
        bot = await rig.create()

        async def told() -> bool:
            return ConditionType.AGENT_UNREACHABLE in await condition_types(rig, bot.id)

        await eventually(told)
        assert await rig.state(bot.id) == "pending"


async def test_a_full_pool_is_a_visible_condition_that_passes(rig: Rig) -> None:
    agent = FakeAgent(slots_total=1)
    await rig.add_pool(agent)
    async with rig.running():
        first = await rig.create("first")
        await eventually(lambda: is_in(rig, first.id, "running"))
        second = await rig.create("second")

        async def told() -> bool:
            return ConditionType.NO_CAPACITY in await condition_types(rig, second.id)

        await eventually(told)
        assert await rig.state(second.id) == "pending"
        async with rig.database.read() as session:
            status = await session.get_one(BotStatusModel, second.id)
        (condition,) = status.conditions
        assert "delete others" in condition["message"], "one that is stopped keeps its place"
        await rig.want(first.id, "deleted")
        await eventually(lambda: is_in(rig, second.id, "running"))
        await eventually(lambda: holds_nothing(rig, second.id))


async def test_a_refused_spec_fails_until_it_changes(rig: Rig) -> None:
    agent = FakeAgent()
    await rig.add_pool(agent)
    async with rig.running():
        bot = await rig.create()
        await eventually(lambda: is_in(rig, bot.id, "running"))
        agent.refusing[bot.id] = AgentErrorCode.INVALID_SPEC
        async with rig.database.unit_of_work() as session:
            await service.update(session, OWNER, bot.id, rig.spec("renamed"))

        async def told() -> bool:
            return ConditionType.TEMPLATE_BROKEN in await condition_types(rig, bot.id)

        await eventually(told)
        del agent.refusing[bot.id]
        async with rig.database.unit_of_work() as session:
            await service.update(session, OWNER, bot.id, rig.spec("renamed again"))

        async def well() -> bool:
            view = await rig.view(bot.id)
            return not view.status.conditions and view.status.observed_generation == 3

        await eventually(well)


async def test_an_agent_that_knows_a_higher_epoch_is_taken_over_under_a_yet_higher_one(rig: Rig) -> None:
    agent = FakeAgent()
    await rig.add_pool(agent)
    async with rig.running():
        bot = await rig.create()
        await eventually(lambda: is_in(rig, bot.id, "running"))
    agent.specs[bot.id] = agent.specs[bot.id].model_copy(update={"epoch": 7})
    agent.slots[bot.id] = agent.slots[bot.id].model_copy(update={"epoch": 7})
    await rig.want(bot.id, "paused")
    async with rig.running():
        await eventually(lambda: is_in(rig, bot.id, "paused"))
    assert (await rig.row(bot.id)).epoch == 8


async def test_a_database_that_was_restored_from_a_backup_is_obeyed(rig: Rig) -> None:
    """Its generations are lower than those that the agent knows, which refuses them under the same epoch."""
    agent = FakeAgent()
    await rig.add_pool(agent)
    async with rig.running():
        bot = await rig.create()
        await eventually(lambda: is_in(rig, bot.id, "running"))
    known = {"generation": 12, "observed_generation": 12}
    agent.specs[bot.id] = agent.specs[bot.id].model_copy(update={"generation": 12})
    agent.slots[bot.id] = agent.slots[bot.id].model_copy(update=known)
    await rig.want(bot.id, "paused")
    async with rig.running():
        await eventually(lambda: is_in(rig, bot.id, "paused"))
        await rig.want(bot.id, "running")
        await eventually(lambda: is_in(rig, bot.id, "running"))
    row = await rig.row(bot.id)
    assert row.epoch == 2, "raised once"
    assert agent.specs[bot.id].generation == row.generation < 12


async def test_a_bot_that_moved_after_the_backup_is_found_where_it_is_and_obeys(rig: Rig) -> None:
    a, b = FakeAgent("pool-a"), FakeAgent("pool-b")
    await rig.add_pool(a)
    async with rig.running():
        bot = await rig.create()
        await eventually(lambda: is_in(rig, bot.id, "running"))
    await rig.add_pool(b)
    b.specs[bot.id] = a.specs[bot.id].model_copy(update={"epoch": 3, "generation": 12})
    b.slots[bot.id] = a.slots[bot.id].model_copy(update={"epoch": 3, "generation": 12})
    a.archive(bot.id)
    a.refusing[bot.id] = AgentErrorCode.STALE_EPOCH
    endpoint, b.endpoint = b.endpoint, None
    async with rig.running():

        async def told() -> bool:
            return ConditionType.FENCED in await condition_types(rig, bot.id)

        await eventually(told, message="why it does not start where the backup says")
        assert (await rig.row(bot.id)).epoch == 1, "never raised against the agent that it left"
        b.endpoint = endpoint
        await eventually(lambda: is_in(rig, bot.id, "running"))
        await eventually(lambda: holds_nothing(rig, bot.id))
        await rig.want(bot.id, "stopped")
        await eventually(lambda: is_in(rig, bot.id, "stopped"))
    row = await rig.row(bot.id)
    assert (row.pool_id, row.epoch) == ("pool-b", 4)
    assert b.slots[bot.id].desired == "stopped"
    assert bot.id not in a.slots
    async with rig.database.read() as session:
        (entry,) = [one for one in (await audit.list_(session, limit=20)).items if one.action == "bot.adopted"]
    assert (entry.actor, entry.before) == ("system", {"pool_id": "pool-a", "epoch": 1})
    assert entry.after == {"pool_id": "pool-b", "epoch": 4}


async def test_a_restored_move_that_has_arrived_is_cleaned_up_under_a_higher_epoch(rig: Rig) -> None:
    source, target = FakeAgent("pool-a"), FakeAgent("pool-b")
    await rig.add_pool(source)
    async with rig.running():
        bot = await rig.create()
        await eventually(lambda: is_in(rig, bot.id, "running"))
    await rig.add_pool(target)
    target.specs[bot.id] = source.specs[bot.id].model_copy(update={"epoch": 3, "generation": 12})
    target.slots[bot.id] = source.slots[bot.id].model_copy(update={"epoch": 3, "generation": 12})
    source.slots[bot.id] = source.slots[bot.id].model_copy(update={"observed_state": ObservedState.STOPPED})
    async with rig.database.unit_of_work() as session:
        row = await session.get(BotModel, bot.id)
        assert row is not None
        row.pool_id, row.epoch = "pool-b", 3
        move = MoveModel(bot_id=bot.id, source_pool_id="pool-a", target_pool_id="pool-b", epoch=1, phase="cleaning")
        move.reason, move.started_at = "move", utc_now()
        session.add_all([row, move])
    async with rig.running():
        await eventually(lambda: source.archived == [bot.id])
        await eventually(lambda: target.specs[bot.id].epoch == 4)
    assert (await rig.row(bot.id)).epoch == 4


async def test_who_does_not_lead_starts_nothing(rig: Rig) -> None:
    agent = FakeAgent()
    await rig.add_pool(agent)
    leading = False
    reconciler = rig.reconciler(lambda: leading)
    running = asyncio.create_task(reconciler.run())
    try:
        bot = await rig.create()

        async def assigned() -> bool:
            return (await rig.row(bot.id)).pool_id is not None

        await eventually(assigned)
        assert not agent.puts
        leading = True
        await eventually(lambda: is_in(rig, bot.id, "running"))
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
