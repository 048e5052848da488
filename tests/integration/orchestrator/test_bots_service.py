"""What users ask of their bots."""

import asyncio

import pytest

from orchestrator.bots import service
from orchestrator.bots.models import BotEventModel, BotModel
from orchestrator.bots.repository import BotView
from orchestrator.bots.service import BotFilters, Idempotency
from orchestrator.errors import (
    BotNotRunning,
    Conflict,
    IdempotencyMismatch,
    InvalidSpec,
    NotFound,
    PreconditionFailed,
)
from orchestrator.kit.clock import utc_now
from tests.integration.orchestrator.rig import OWNER, Rig

STRANGER = "user-two"


async def set_desired(rig: Rig, bot_id: str, desired: str, version: int | None = None, **options: str) -> BotView:
    async with rig.database.unit_of_work() as session:
        return await service.set_desired(session, OWNER, bot_id, desired, expected_version=version, **options)  # type: ignore[arg-type]


async def all_bots(rig: Rig) -> list[BotView]:
    async with rig.database.read() as session:
        return (await service.list_(session, None, limit=100)).items


async def test_a_new_bot_is_pending_and_its_own_owners(rig: Rig) -> None:
    bot = await rig.create("mine")
    view = await rig.view(bot.id)
    assert (view.bot.generation, view.bot.desired_state, view.status.observed_state) == (1, "running", "pending")
    assert view.bot.stake_amount == rig.spec().stake_amount
    async with rig.database.read() as session:
        with pytest.raises(NotFound):
            await service.get(session, STRANGER, bot.id)


async def test_a_name_is_taken_once_per_owner_and_free_after_deletion(rig: Rig) -> None:
    await rig.add_user(STRANGER)
    bot = await rig.create("mine")
    with pytest.raises(Conflict) as refused:
        await rig.create("mine")
    assert refused.value.params["field"] == "name"
    await rig.create("mine", STRANGER)
    await set_desired(rig, bot.id, "deleted")
    with pytest.raises(Conflict):
        await rig.create("mine")
    async with rig.database.unit_of_work() as session:
        await service.mark_deleted(session, [bot.id])
    assert (await rig.create("mine")).id != bot.id
    assert (await rig.row(bot.id)).name == f"mine~{bot.id}"


async def test_a_bot_that_nobody_deleted_cannot_be_marked_deleted(rig: Rig) -> None:
    bot = await rig.create()
    async with rig.database.unit_of_work() as session:
        await service.mark_deleted(session, [bot.id])
    assert (await rig.row(bot.id)).deleted_at is None


async def test_long_names_still_fit_when_deleted(rig: Rig) -> None:
    bots = [await rig.create("n" * 63 + suffix) for suffix in "ab"]
    for bot in bots:
        await set_desired(rig, bot.id, "deleted")
    async with rig.database.unit_of_work() as session:
        await service.mark_deleted(session, [bot.id for bot in bots])
    names = {(await rig.row(bot.id)).name for bot in bots}
    assert len(names) == 2
    assert all(len(name) <= 64 for name in names)


async def test_the_same_key_answers_the_same_bot(rig: Rig) -> None:
    key = Idempotency("key", "hash")

    async def create(idempotency: Idempotency, name: str = "one") -> tuple[BotModel, bool]:
        async with rig.database.unit_of_work() as session:
            return await service.create(session, OWNER, rig.spec(name), idempotency=idempotency)

    answers = await asyncio.gather(*(create(key) for _ in range(5)))
    assert len({bot.id for bot, _ in answers}) == 1
    assert sorted(created for _, created in answers) == [False] * 4 + [True]
    with pytest.raises(IdempotencyMismatch):
        await create(Idempotency("key", "another hash"), "two")
    assert len(await all_bots(rig)) == 1


async def test_changes_count_generations_and_no_changes_do_not(rig: Rig) -> None:
    bot = await rig.create()
    assert (await set_desired(rig, bot.id, "running")).bot.generation == 1
    assert (await set_desired(rig, bot.id, "paused", 1)).bot.generation == 2
    with pytest.raises(PreconditionFailed):
        await set_desired(rig, bot.id, "stopped", 1)
    async with rig.database.unit_of_work() as session:
        same = await service.update(session, OWNER, bot.id, rig.spec("one"))
        assert same.bot.generation == 2
        changed = await service.update(session, OWNER, bot.id, rig.spec("two"), 2)
        assert (changed.bot.generation, changed.bot.name) == (3, "two")


async def test_renaming_onto_a_taken_name_is_refused(rig: Rig) -> None:
    await rig.create("one")
    bot = await rig.create("two")
    async with rig.database.unit_of_work() as session:
        with pytest.raises(Conflict) as refused:
            await service.update(session, OWNER, bot.id, rig.spec("one"))
    assert refused.value.params["field"] == "name"


async def test_a_bot_being_deleted_takes_no_orders_but_a_quicker_deletion(rig: Rig) -> None:
    bot = await rig.create()
    await set_desired(rig, bot.id, "deleted", open_trades="flatten")
    for desired in ("running", "paused", "stopped"):
        with pytest.raises(Conflict):
            await set_desired(rig, bot.id, desired)
    assert (await set_desired(rig, bot.id, "deleted")).bot.open_trades == "keep"
    async with rig.database.unit_of_work() as session:
        with pytest.raises(Conflict):
            await service.restart(session, OWNER, bot.id)


async def test_a_stopped_bot_is_not_restarted(rig: Rig) -> None:
    bot = await rig.create(desired_state="stopped")
    assert await rig.state(bot.id) == "stopped"
    async with rig.database.unit_of_work() as session:
        with pytest.raises(BotNotRunning):
            await service.restart(session, OWNER, bot.id)
    await set_desired(rig, bot.id, "running")
    async with rig.database.unit_of_work() as session:
        view = await service.restart(session, OWNER, bot.id)
    assert (view.bot.restart_requested, view.bot.generation) == (1, 2)


async def test_lists_page_through_everything_once_and_filter(rig: Rig) -> None:
    bots = [await rig.create(f"bot {number}%") for number in range(5)]
    await set_desired(rig, bots[3].id, "stopped")
    seen: list[str] = []
    after = None
    async with rig.database.read() as session:
        while True:
            page = await service.list_(session, OWNER, limit=2, after=after)
            seen.extend(view.bot.id for view in page.items)
            after = page.next
            if after is None:
                break
        assert seen == [bot.id for bot in bots]
        stopped = await service.list_(session, OWNER, limit=9, filters=BotFilters(desired_state="stopped"))
        assert [view.bot.id for view in stopped.items] == [bots[3].id]
        named = await service.list_(session, OWNER, limit=9, filters=BotFilters(name="OT 4%"))
        assert [view.bot.id for view in named.items] == [bots[4].id]
        assert not (await service.list_(session, OWNER, limit=9, filters=BotFilters(name="_", pool="p"))).items
        assert not (await service.list_(session, STRANGER, limit=9)).items
        with pytest.raises(InvalidSpec):
            await service.list_(session, OWNER, limit=9, after="forged")


async def test_events_come_newest_first(rig: Rig) -> None:
    bot = await rig.create()
    async with rig.database.unit_of_work() as session:
        for seq in range(5):
            kind = "trade.entry" if seq % 2 else "bot.started"
            session.add(
                BotEventModel(bot_id=bot.id, run_id="r", origin="bot", seq=seq, at=utc_now(), type=kind, data={})
            )
    async with rig.database.read() as session:
        first = await service.events(session, OWNER, bot.id, limit=3)
        rest = await service.events(session, OWNER, bot.id, limit=3, after=first.next)
        assert [event.seq for event in first.items + rest.items] == [4, 3, 2, 1, 0]
        trades = await service.events(session, OWNER, bot.id, limit=9, types=["trade.entry"])
        assert [event.seq for event in trades.items] == [3, 1]
        with pytest.raises(NotFound):
            await service.events(session, STRANGER, bot.id, limit=3)
