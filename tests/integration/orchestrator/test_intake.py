"""Intake: facts are stored once, statuses follow, users hear of it."""

from sqlmodel import col, select

from orchestrator.bots.models import BotEventModel
from orchestrator.pools import service as pools_service
from pool.contract.events import EventType
from pool.contract.slots import ConditionType, ObservedState
from tests.fakes.fake_agent import FakeAgent, snapshot
from tests.integration.orchestrator.rig import OWNER, Rig, kinds
from tests.support import eventually


async def stored(rig: Rig, bot_id: str) -> list[BotEventModel]:
    async with rig.database.read() as session:
        query = select(BotEventModel).where(col(BotEventModel.bot_id) == bot_id).order_by(col(BotEventModel.number))
        return list((await session.exec(query)).all())


async def seqs(rig: Rig, bot_id: str) -> list[int]:
    return [event.seq for event in await stored(rig, bot_id)]


async def running_bot(rig: Rig) -> str:
    bot = await rig.create()

    async def runs() -> bool:
        return await rig.state(bot.id) == "running"

    await eventually(runs, 10)
    return bot.id


async def test_events_are_stored_once_however_often_they_are_told(rig: Rig) -> None:
    agent = FakeAgent()
    await rig.add_pool(agent)
    async with rig.running(intake=True):
        bot_id = await running_bot(rig)
        for seq in (1, 2, 2, 3):
            agent.tell_event(bot_id, EventType.TRADE_ENTRY, {"pair": "BTC/USDT"}, seq)

        async def all_there() -> bool:
            return await seqs(rig, bot_id) == [1, 2, 3]

        await eventually(all_there, 10)
    agent.tell_event(bot_id, EventType.TRADE_EXIT, {}, 4)
    agent.incarnation = "second"  # its cursors mean nothing any more: it tells everything again
    async with rig.running(intake=True):

        async def the_new_one_too() -> bool:
            return await seqs(rig, bot_id) == [1, 2, 3, 4]

        await eventually(the_new_one_too, 10)
    assert agent.cursors[0] is None
    assert agent.cursors[-1] == "first-4"
    async with rig.database.read() as session:
        assert await pools_service.cursor(session, "pool-a") == "second-5"


async def test_trades_and_exceptions_are_heard_and_the_portfolio_is_told(rig: Rig) -> None:
    agent = FakeAgent()
    await rig.add_pool(agent)
    async with (
        rig.running(intake=True),
        rig.listening(f"user.{OWNER}") as heard,
        rig.listening("portfolio") as portfolio,
    ):
        bot_id = await running_bot(rig)
        told = [
            (EventType.TRADE_ENTRY, {"pair": "BTC/USDT"}),
            (EventType.TRADE_ENTRY_FILL, {}),
            (EventType.TRADE_EXIT_FILL, {"sub_trade": True}),
            (EventType.TRADE_EXIT_CANCEL, {}),
            (EventType.TRADE_EXIT_FILL, {"bot_id": "forged", "profit": float("nan")}),
            (EventType.MESSAGE, {"kind": "exception", "text": "Something broke"}),
            (EventType.MESSAGE, {"kind": "startup", "text": "Hello"}),
        ]
        for seq, (kind, data) in enumerate(told):
            agent.tell_event(bot_id, kind, data, seq)
        await eventually(lambda: len(kinds(heard, "trade")) == 5 and kinds(heard, "alert"), 10)
        trades = kinds(heard, "trade")
        assert [trade["event"] for trade in trades] == ["entry", "entry_fill", "partial_exit", "cancel", "exit_fill"]
        assert trades[0]["pair"] == "BTC/USDT"
        assert {trade["bot_id"] for trade in trades} == {bot_id}
        assert {trade["bot_name"] for trade in trades} == {"one"}
        assert [alert["message"] for alert in kinds(heard, "alert")] == ["Something broke"]
        agent.tell_snapshot(bot_id, snapshot("1234.5"))
        portfolio.clear()
        await eventually(lambda: kinds(portfolio, "changed") == [{"user_id": OWNER}], 10)
        status = (await rig.view(bot_id)).status
        assert status.snapshot is not None
        assert status.snapshot["equity"] == "1234.5"


async def test_a_quarantine_is_an_alert(rig: Rig) -> None:
    agent = FakeAgent()
    await rig.add_pool(agent)
    async with rig.running(intake=True), rig.listening(f"user.{OWNER}") as heard:
        bot_id = await running_bot(rig)
        agent.set_state(bot_id, ObservedState.QUARANTINED, [ConditionType.QUARANTINED])
        await eventually(lambda: kinds(heard, "alert"), 10)
        # At least once: a listing that was on its way may show the state before again, and then the alert comes twice.
        assert {alert["type"] for alert in kinds(heard, "alert")} == {"Quarantined"}

        def last_told() -> list[str]:
            return [bot["observed_state"] for bot in kinds(heard, "bot")][-1:]

        await eventually(lambda: last_told() == ["quarantined"], 10, "the bot's own message follows")


async def test_facts_of_unknown_bots_are_dropped_and_hold_nothing_up(rig: Rig) -> None:
    agent = FakeAgent()
    await rig.add_pool(agent)
    async with rig.running(intake=True):
        bot_id = await running_bot(rig)
        agent.tell_event("bot-stranger", EventType.STARTED, {}, 1)
        agent.tell_snapshot("bot-stranger", snapshot())
        agent.tell_event(bot_id, EventType.STARTED, {}, 1)

        async def there() -> bool:
            return await seqs(rig, bot_id) == [1]

        await eventually(there, 10)
        assert not await stored(rig, "bot-stranger")


async def test_many_events_at_once_all_arrive(rig: Rig) -> None:
    agent = FakeAgent()
    await rig.add_pool(agent)
    async with rig.running():
        bot_id = await running_bot(rig)
    for seq in range(3000):
        agent.tell_event(bot_id, EventType.TRADE_ENTRY, {"n": seq}, seq)
    async with rig.running(intake=True):

        async def all_there() -> bool:
            return await seqs(rig, bot_id) == list(range(3000))

        await eventually(all_there, 30)
