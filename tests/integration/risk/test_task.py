"""The leader's risk task: modes on their way down, halts that outlive it, reservations through intake, losses."""

import asyncio
import time
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from orchestrator.audit.service import By
from orchestrator.bots.models import BotModel
from orchestrator.errors import Conflict, NotAllowed
from orchestrator.exchanges.candles import Candles
from orchestrator.kit.clock import utc_now
from orchestrator.policies import service as policies
from orchestrator.policies.subjects import GUARDRAILS
from orchestrator.risk import halts, mandates, readings, service, spells
from orchestrator.risk.confirmations import code_of
from orchestrator.risk.engine import Engine
from orchestrator.risk.halts import Bond, Cause, Target
from orchestrator.risk.models import HaltModel
from orchestrator.risk.service import Person
from orchestrator.risk.spells import Kept, SpellKey
from pool.contract.policy import Guardrails
from pool.contract.risk import Grant, Mode, Settlement
from pool.rules.losses import Spell
from tests.integration.orchestrator.rig import OWNER
from tests.integration.risk.rig import RiskRig, warm_engine
from tests.support import eventually
from tests.unit.risk.fleet import asking, holding, reading


async def test_bots_are_leased_and_halted_at_once_and_a_new_leader_counts_on(world: RiskRig) -> None:
    one, other = await world.add_bot("one"), await world.add_bot("two")
    async with world.leading():
        await eventually(lambda: world.mode(one) is Mode.ACTIVE and world.agent.clocks[-1:] not in ([], [None]))
        assert world.agent.orders[one].lease_seconds == 15
        began = time.monotonic()
        await world.halt(Target("bot", one))
        await eventually(lambda: world.mode(one) is Mode.HALTED)
        assert time.monotonic() - began < 10
        assert world.agent.orders[one].lease_seconds == 0
        assert world.mode(other) is Mode.ACTIVE
        number = world.agent.orders[one].number
    world.agent.orders.clear()
    async with world.leading():
        await eventually(lambda: world.mode(one) is Mode.HALTED)
        assert world.agent.orders[one].number == number
        assert world.agent.orders[one].why == "Halted (this bot): Why not."


async def test_a_halt_that_nobody_was_told_of_is_found_by_the_look_of_each_second(world: RiskRig) -> None:
    one = await world.add_bot("one")
    async with world.leading():
        await eventually(lambda: world.mode(one) is Mode.ACTIVE)
        await world.halt(Target("fleet"), flatten=True, hint=False)
        await eventually(lambda: world.mode(one) is Mode.HALTED)
        assert world.agent.orders[one].flatten


async def test_agents_hear_of_administrators_releases_alone_even_where_nothing_was_halted(world: RiskRig) -> None:
    one = await world.add_bot("one")

    async def release(person: Person, *confirmed: HaltModel) -> None:
        target, now = Target("user", OWNER), utc_now()
        code = code_of("k" * 40, person.user_id, target, confirmed, now + timedelta(seconds=30))
        async with world.rig.database.unit_of_work() as session:
            await service.release(session, person, target, "", code, "k" * 40, now)

    def told() -> tuple[int, int]:
        return world.agent.orders[one].number, world.agent.orders[one].released_number

    async with world.leading():
        await eventually(lambda: world.mode(one) is Mode.ACTIVE)
        row = await world.halt(Target("user", OWNER), release_at=utc_now() + timedelta(days=1))
        await eventually(lambda: world.mode(one) is Mode.HALTED)
        async with world.rig.database.unit_of_work() as session:
            (await session.get_one(HaltModel, row.id)).release_at = utc_now()
        await eventually(lambda: world.mode(one) is Mode.ACTIVE)
        assert told()[1] == 0, "its time was up"
        row = await world.halt(Target("user", OWNER))
        await eventually(lambda: world.mode(one) is Mode.HALTED)
        await release(Person(OWNER, False), row)
        await eventually(lambda: world.mode(one) is Mode.ACTIVE)
        number, released = told()
        assert released == 0, "its user released it"
        await release(Person("user-admin", True))
        await eventually(lambda: told() == (number + 1, number + 1))
        await world.halt(Target("bot", one), Mode.REDUCING)
        await eventually(lambda: told() == (number + 2, number + 1))
        pairs = zip(world.agent.looked, world.agent.clocks, strict=True)
        clocks = [(looked, clock) for looked, clock in pairs if looked is not None and clock is not None]
        assert clocks
        assert all(looked <= clock for looked, clock in clocks)


async def test_no_lease_is_given_once_the_database_is_silent_and_an_outdated_pool_is_told(world: RiskRig) -> None:
    one = await world.add_bot("one")
    async with world.leading() as task:
        await eventually(lambda: world.mode(one) is Mode.ACTIVE)
        world.agent.outdated = True
        await eventually(lambda: task.gauges()["risk_pools_outdated"] == 1)
        assert "roll it out" in (task.board.pools["pool-a"].problem or "")

        async def ungoverned() -> bool:
            return "Ungoverned" in {held["type"] for held in (await world.rig.view(one)).status.conditions}

        await eventually(ungoverned)
    async with world.leading(leading=lambda: False):
        world.agent.outdated = False
        told = len(world.agent.clocks)
        await asyncio.sleep(1.5)
        assert len(world.agent.clocks) == told, "who does not lead tells nobody anything"


async def test_of_fifty_bots_that_ask_through_the_stream_in_one_second_no_more_get_leave_than_there_is_room(
    world: RiskRig,
) -> None:
    bots = [await world.add_bot(f"bot-{number}") for number in range(50)]
    await world.policy(limits={"open_trades": 7})
    async with world.leading(intake=True, engine=warm_engine()) as task:
        await eventually(lambda: world.agent.listeners > 0 and task.board.engine.knows())
        await eventually(lambda: len(task.board.world.policies) == 51)
        for bot_id in bots:
            world.agent.tell_reserve(bot_id, asking("r", 10, utc_now()))
        await eventually(lambda: len(world.agent.grants) == 50)
        granted = [grant for grant in world.agent.grants if grant.granted]
        assert len(granted) == 7
        assert {grant.limit for grant in world.agent.grants} == {"", "limits.open_trades"}
        world.agent.tell_settle(granted[0].bot_id, Settlement(request_id="r", outcome="released"))
        refused = next(grant.bot_id for grant in world.agent.grants if not grant.granted)

        async def gets_leave() -> Grant | None:
            world.agent.tell_reserve(refused, asking("again", 10, utc_now()))
            await asyncio.sleep(0.05)
            return next((one for one in world.agent.grants if one.request_id == "again" and one.granted), None)

        await eventually(gets_leave)

        async def told() -> bool:
            async with world.rig.database.read() as session:
                row = await readings.read(session, OWNER)
            uses = row.body["uses"] if row is not None else []
            return bool(uses) and uses[0]["used"] == "7" and len(row.body["reservations"]) == 7  # type: ignore[union-attr]

        await eventually(told)


async def test_a_take_over_waits_for_bots_that_ran_before(world: RiskRig) -> None:
    one = await world.add_bot("one", running=True)
    await world.store(one, reading(utc_now(), [holding(50)]))

    class Clock:
        now = 0.0

        def __call__(self) -> float:
            return self.now

    clock = Clock()
    async with world.leading(engine=Engine(clock)) as task:
        await eventually(lambda: task.board.world.looked_at is not None)
        engine = task.board.engine
        assert engine.reserve(one, asking("a", 10, utc_now(), pair="ETH/USDT")).limit == "warming"
        assert [held.asset for held in engine.held(OWNER)] == ["BTC"], "what was stored counts at once"
        clock.now = 16.0
        await eventually(lambda: engine.knows())
        assert engine.reserve(one, asking("b", 10, utc_now(), pair="ETH/USDT")).granted


async def test_a_daily_loss_binds_until_midnight_and_counts_anew_after_its_release(world: RiskRig) -> None:
    one, other = await world.add_bot("one"), await world.add_bot("two")
    await world.policy(
        loss_limits=[{"scope": "user", "window": "daily", "ratio": "0.1", "response": "flatten"}],
    )
    for bot_id in (one, other):
        await world.store(bot_id, reading(utc_now(), equity=1000))
    async with world.leading() as task:
        await eventually(lambda: bool(task.board.losses.get(OWNER)))
        await world.store(one, reading(utc_now() + timedelta(seconds=1), equity=810))
        await eventually(lambda: task.board.losses[OWNER][0].used == Decimal("0.095"))
        assert await world.in_force() == []
        await world.store(one, reading(utc_now() + timedelta(seconds=2), equity=800))
        await eventually(lambda: world.mode(other) is Mode.HALTED and world.agent.orders[other].flatten)
        (row,) = await world.in_force()
        assert (row.source, row.rule, row.trading, row.subject) == ("loss_limit", "user.daily.flatten", "dry", OWNER)
        assert "lost 10.00% (200.00 USDT) today" in row.why
        assert row.release_at is not None
        assert row.release_at > utc_now()
        async with world.rig.database.unit_of_work() as session:
            (await session.get_one(HaltModel, row.id)).release_at = utc_now()
        await eventually(lambda: world.mode(other) is Mode.ACTIVE)
        await eventually(lambda: task.board.losses[OWNER][0].used == 0)
        await world.store(other, reading(utc_now() + timedelta(seconds=3), equity=900))
        await eventually(lambda: task.board.losses[OWNER][0].used > Decimal("0.05"))
        assert await world.in_force() == []
    async with world.leading() as task:  # what it is counted from was stored
        await eventually(lambda: bool(task.board.losses.get(OWNER)))
        assert task.board.losses[OWNER][0].used > Decimal("0.05")


async def test_a_milder_limit_of_the_same_window_puts_off_no_harder_one(world: RiskRig) -> None:
    one = await world.add_bot("one")
    pause = {"scope": "user", "window": "daily", "ratio": "0.03", "release": "after_hours", "release_hours": 1}
    await world.policy(
        loss_limits=[pause, {"scope": "user", "window": "daily", "ratio": "0.08", "response": "flatten"}],
    )
    await world.store(one, reading(utc_now(), equity=1000))
    async with world.leading() as task:
        await eventually(lambda: bool(task.board.losses.get(OWNER)))
        await world.store(one, reading(utc_now() + timedelta(seconds=1), equity=960))
        await eventually(lambda: world.mode(one) is Mode.REDUCING)
        (row,) = await world.in_force()
        async with world.rig.database.unit_of_work() as session:
            (await session.get_one(HaltModel, row.id)).release_at = utc_now()
        await eventually(lambda: world.mode(one) is Mode.ACTIVE)
        await eventually(lambda: [use.used for use in task.board.losses[OWNER]] == [0, Decimal("0.04")])
        await world.store(one, reading(utc_now() + timedelta(seconds=2), equity=940))
        await eventually(lambda: task.board.losses[OWNER][1].used == Decimal("0.06"))
        assert await world.in_force() == []
        await world.store(one, reading(utc_now() + timedelta(seconds=3), equity=920))
        await eventually(lambda: world.mode(one) is Mode.HALTED and world.agent.orders[one].flatten)
    assert "user.daily.flatten" in {row.rule for row in await world.in_force()}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_another_response_or_other_bots_let_no_loss_begin_anew(world: RiskRig) -> None:
    one = await world.add_bot("one")
    limit = {"scope": "user", "window": "daily", "ratio": "0.1"}
    await world.policy(loss_limits=[limit])
    await world.store(one, reading(utc_now(), equity=1000))
    async with world.leading() as task:
        await eventually(lambda: bool(task.board.losses.get(OWNER)))
        await world.store(one, reading(utc_now() + timedelta(seconds=1), equity=950))
        await eventually(lambda: task.board.losses[OWNER][0].used == Decimal("0.05"))
        await world.policy(loss_limits=[limit | {"response": "reduce"}])
        await eventually(lambda: task.board.losses[OWNER][0].limit.endswith("reduce"))
        assert task.board.losses[OWNER][0].used == Decimal("0.05")
        async with world.rig.database.unit_of_work() as session:
            (await session.get_one(BotModel, one)).deleted_at = utc_now()
        await eventually(lambda: not task.board.world.bots)
        async with world.rig.database.unit_of_work() as session:
            assert await spells.forget(session, [OWNER, one]) == {one}
        other = await world.add_bot("two")
        await world.store(other, reading(utc_now() + timedelta(seconds=2), equity=1000))
        await eventually(lambda: [one.used for one in task.board.losses.get(OWNER, ())] == [Decimal("0.025")])

        async def members() -> set[str]:
            async with world.rig.database.read() as session:
                return {name for kept in (await spells.load(session)).values() for name in kept.spell.members}

        async def forgotten() -> bool:
            return await members() == {other}

        await eventually(forgotten)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_clock_that_is_set_forward_ends_no_halt(world: RiskRig) -> None:
    one = await world.add_bot("one")
    now = utc_now() - timedelta(days=2)  # what has passed says so
    await world.halt(Target("bot", one), release_at=utc_now() - timedelta(days=1))
    time_of_day = [now]
    async with world.leading(clock=lambda: time_of_day[0]):
        await eventually(lambda: world.mode(one) is Mode.HALTED)
        await asyncio.sleep(1.5)
        assert world.mode(one) is Mode.HALTED
        time_of_day[0] = utc_now()
        await eventually(lambda: world.mode(one) is Mode.ACTIVE)


async def test_a_demanded_week_is_not_cut_into_days(world: RiskRig) -> None:
    one = await world.add_bot("one")
    async with world.rig.database.unit_of_work() as session:
        rails = Guardrails.model_validate({"weekly_loss_at_most": "0.05", "drawdown_at_most": "0.05"})
        await policies.put(session, GUARDRAILS, rails, By("user-admin"))
    await world.store(one, reading(utc_now(), equity=1000))
    async with world.leading() as task:
        await eventually(lambda: bool(task.board.losses.get(OWNER)))
        await world.store(one, reading(utc_now() + timedelta(seconds=1), equity=940))
        await eventually(lambda: world.mode(one) is Mode.REDUCING)
    until = {row.rule: row.release_at for row in await world.in_force()}
    assert until["user.drawdown.pause"] is None, "only by hand"
    weekly = until["user.weekly.pause"]
    assert weekly is not None
    assert (weekly.weekday(), weekly.time()) == (0, datetime.min.time())
    assert weekly > utc_now()


async def test_halts_of_deleted_bots_end_and_reductions_are_bounded(world: RiskRig) -> None:
    one, other = await world.add_bot("one"), await world.add_bot("two")
    await world.halt(Target("bot", one))
    for _ in range(halts.MOST_REDUCTIONS):
        await world.halt(Target("bot", other), Mode.REDUCING, hint=False, reduce_fraction=Decimal("0.1"))
    with pytest.raises(Conflict):
        await world.halt(Target("bot", other), Mode.REDUCING, hint=False, reduce_fraction=Decimal("0.1"))
    await world.halt(Target("bot", other))  # which none of these keeps away
    async with world.leading():
        await eventually(lambda: (world.mode(one), world.mode(other)) == (Mode.HALTED, Mode.HALTED))
        async with world.rig.database.unit_of_work() as session:
            (await session.get_one(BotModel, one)).deleted_at = utc_now()

        async def over() -> bool:
            return {row.subject for row in await world.in_force()} == {other}

        await eventually(over)


async def test_an_unrelated_release_takes_no_reduction_away(world: RiskRig) -> None:
    """The agent has not answered yet when another halt of the bot is released."""
    one = await world.add_bot("one")
    async with world.rig.database.unit_of_work() as session:
        row = await halts.halt(session, By(OWNER), Target("bot", one), Bond(Mode.REDUCING))
        cause, bond = Cause("loss_limit", "user.daily.reduce"), Bond(Mode.REDUCING, reduce_fraction=Decimal("0.5"))
        await halts.halt(session, By(), Target("user", OWNER), bond, cause)
    look = world.task()._watch.look
    await look()
    async with world.rig.database.unit_of_work() as session:
        await halts.release(session, By(OWNER), Target("bot", one), [row], flags=False)
    await look()
    async with world.leading():
        await eventually(lambda: one in world.agent.orders)
        assert world.agent.orders[one].reduce_fraction == Decimal("0.5")


async def test_what_a_guardrail_demands_its_user_does_not_release(world: RiskRig) -> None:
    one = await world.add_bot("one")
    await world.policy(
        loss_limits=[
            {"scope": "user", "window": "daily", "ratio": "0.1", "release": "after_hours", "release_hours": 1},
            {"scope": "bot", "window": "daily", "ratio": "0.1", "release": "after_hours", "release_hours": 1},
        ],
    )
    async with world.rig.database.unit_of_work() as session:
        rails = Guardrails.model_validate({"daily_loss_at_most": "0.2"})
        await policies.put(session, GUARDRAILS, rails, By("user-admin"))
    await world.store(one, reading(utc_now(), equity=1000))
    async with world.leading() as task:
        await eventually(lambda: bool(task.board.losses.get(OWNER)))
        await world.store(one, reading(utc_now() + timedelta(seconds=1), equity=850))
        await eventually(lambda: world.mode(one) is Mode.REDUCING)
    by_scope = {row.scope: row for row in await world.in_force()}
    assert (by_scope["user"].admins_only, by_scope["bot"].admins_only) == (True, False)
    until = {scope: row.release_at for scope, row in by_scope.items()}
    assert until["user"] is not None
    assert until["bot"] is not None
    midnight = until["user"].astimezone(ZoneInfo(world.zone)).time() == datetime.min.time()
    assert midnight or until["user"] == until["bot"], "midnight, or later"
    async with world.rig.database.unit_of_work() as session:
        with pytest.raises(NotAllowed):
            await service.release(session, Person(OWNER, False), Target("user", OWNER), "", None, "k" * 40, utc_now())


async def test_losses_wait_for_no_exchange(world: RiskRig, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = asyncio.Event()

    async def silent(*_: object) -> None:
        asked.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(Candles, "closes", silent)
    one = await world.add_bot("one")
    await world.policy(
        loss_limits=[{"scope": "user", "window": "daily", "ratio": "0.1"}],
        emergency={"pair": "BTC/USDT", "ratio": "0.1", "minutes": 10},
    )
    await world.store(one, reading(utc_now(), equity=1000))
    async with world.leading() as task:
        await eventually(lambda: bool(task.board.losses.get(OWNER)) and asked.is_set())
        await world.store(one, reading(utc_now() + timedelta(seconds=1), equity=800))
        await eventually(lambda: world.mode(one) is Mode.REDUCING)


async def test_a_limit_that_is_found_exceeded_twice_reduces_once(world: RiskRig) -> None:
    bond = Bond(Mode.REDUCING, reduce_fraction=Decimal("0.5"), trading="dry")
    for _ in range(2):
        async with world.rig.database.unit_of_work() as session:
            cause = Cause("loss_limit", "user.daily.reduce")
            await halts.halt(session, By(why="Lost."), Target("user", OWNER), bond, cause)
    assert len(await world.in_force()) == 1
    for _ in range(2):
        await world.halt(Target("user", OWNER), Mode.REDUCING, reduce_fraction=Decimal("0.5"))
    assert len(await world.in_force()) == 3, "a person who asks twice means it"


async def test_losses_that_no_account_has_keep_nobody_elses_from_being_stored(world: RiskRig) -> None:
    now = utc_now()
    losses = {"user-mad": Decimal(10) ** 30, OWNER: Decimal(1000)}
    kept = {
        SpellKey(subject, "dry", "daily", "pause"): Kept(
            Spell("daily", now, base, Decimal(0), Decimal(0), {}, now), "USDT"
        )
        for subject, base in losses.items()
    }
    async with world.rig.database.unit_of_work() as session:
        await spells.store(session, kept)
    async with world.rig.database.read() as session:
        assert [key.subject for key in await spells.load(session)] == [OWNER]


async def test_a_loss_of_next_to_nothing_keeps_nobodys_losses_from_being_measured(world: RiskRig) -> None:
    one = await world.add_bot("one")
    await world.policy(loss_limits=[{"scope": "user", "window": "daily", "ratio": "0.1"}])
    await world.store(one, reading(utc_now(), equity="1e-18"))
    async with world.leading() as task:
        await eventually(lambda: bool(task.board.losses.get(OWNER)))
        await world.store(one, reading(utc_now() + timedelta(seconds=1), equity=-(10**12)))
        await eventually(lambda: world.mode(one) is Mode.REDUCING)


async def test_a_pool_of_many_bots_with_long_reasons_is_told_all_of_its_orders(
    world: RiskRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mandates, "_MOST_AT_ONCE", 2)
    names = [await world.add_bot(f"bot-{number}") for number in range(5)]
    async with world.leading():
        await eventually(lambda: [world.mode(name) for name in names] == [Mode.ACTIVE] * 5)
        await world.halt(Target("user", OWNER))
        await eventually(lambda: [world.mode(name) for name in names] == [Mode.HALTED] * 5)
