"""Intake: facts are stored once, statuses follow, users hear of it."""

import asyncio
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.bots.models import BotEventModel
from orchestrator.intake.batch import Taken
from orchestrator.intake.collector import Collector
from orchestrator.intake.store import store
from orchestrator.kit.clock import utc_now
from orchestrator.pools import service as pools_service
from orchestrator.portfolio import repository as portfolio_repository
from orchestrator.portfolio import trades
from orchestrator.portfolio.service import PortfolioService
from pool.contract.events import EventType, ReserveItem, SettleItem, SnapshotItem
from pool.contract.risk import ReserveRequest, Settlement
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

    await eventually(runs)
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

        await eventually(all_there)
    agent.tell_event(bot_id, EventType.TRADE_EXIT, {}, 4)
    agent.incarnation = "second"  # its cursors mean nothing any more: it tells everything again
    async with rig.running(intake=True):

        async def the_new_one_too() -> bool:
            return await seqs(rig, bot_id) == [1, 2, 3, 4]

        await eventually(the_new_one_too)
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
        await eventually(lambda: len(kinds(heard, "trade")) == 5 and kinds(heard, "alert"))
        trades = kinds(heard, "trade")
        assert [trade["event"] for trade in trades] == ["entry", "entry_fill", "partial_exit", "cancel", "exit_fill"]
        assert trades[0]["pair"] == "BTC/USDT"
        assert {trade["bot_id"] for trade in trades} == {bot_id}
        assert {trade["bot_name"] for trade in trades} == {"one"}
        assert [alert["message"] for alert in kinds(heard, "alert")] == ["Something broke"]
        agent.tell_snapshot(bot_id, snapshot("1234.5"))
        portfolio.clear()

        async def kept() -> bool:
            return ((await rig.view(bot_id)).status.snapshot or {}).get("equity") == "1234.5"

        await eventually(kept)
        await eventually(lambda: kinds(portfolio, "changed"))
        assert {body["user_id"] for body in kinds(portfolio, "changed")} == {OWNER}


async def test_a_trade_that_is_closed_is_told_as_it_is_listed(rig: Rig) -> None:
    agent = FakeAgent()
    await rig.add_pool(agent)
    last = {
        "trade_id": 3, "pair": "ETH/USDT", "direction": "Long", "open_date": "2026-11-22T06:08:01+00:00",
        "close_date": "2026-11-22T06:16:01+00:00", "close_rate": "3305.44", "exit_reason": "flotilla:hard_stop",
    }  # fmt: skip
    async with rig.running(intake=True), rig.listening(f"user.{OWNER}") as heard:
        bot_id = await running_bot(rig)
        told: list[tuple[EventType, dict[str, Any]]] = [
            (EventType.TRADE_EXIT, last | {"closed": "forged"}),
            (EventType.TRADE_EXIT_FILL, last | {"sub_trade": True, "is_final_exit": False}),
            (EventType.TRADE_EXIT_FILL, {"is_final_exit": True}),
            (EventType.TRADE_EXIT_FILL, last | {"sub_trade": False, "is_final_exit": True}),
        ]
        for seq, (kind, data) in enumerate(told):
            agent.tell_event(bot_id, kind, data, seq)
        await eventually(lambda: len(kinds(heard, "trade")) == len(told))
    closings = [trade["closed"] for trade in kinds(heard, "trade")]
    assert closings[:-1] == [None, None, None]
    async with rig.database.read() as session:
        page = await trades.list_(session, state="closed", bot_id=None, limit=10, after=None)
    assert [item.model_dump(mode="json") for item in page.items if isinstance(item, trades.ClosedTrade)] == closings[
        -1:
    ]
    assert (closings[-1]["trade_id"], closings[-1]["exit_reason"]) == (3, "flotilla:hard_stop")


async def test_a_quarantine_is_an_alert(rig: Rig) -> None:
    agent = FakeAgent()
    await rig.add_pool(agent)
    async with rig.running(intake=True), rig.listening(f"user.{OWNER}") as heard:
        bot_id = await running_bot(rig)
        agent.set_state(bot_id, ObservedState.QUARANTINED, [ConditionType.QUARANTINED])
        await eventually(lambda: kinds(heard, "alert"))
        # At least once: a listing that was on its way may show the state before again, and then the alert comes twice.
        assert {alert["type"] for alert in kinds(heard, "alert")} == {"Quarantined"}

        def last_told() -> list[str]:
            return [bot["observed_state"] for bot in kinds(heard, "bot")][-1:]

        await eventually(lambda: last_told() == ["quarantined"], message="the bot's own message follows")


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

        await eventually(there)
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

        await eventually(all_there)


async def test_what_a_pool_tells_of_a_bot_that_is_elsewhere_takes_no_newer_readings_place(rig: Rig) -> None:
    await rig.add_pool(FakeAgent())
    async with rig.running():
        bot_id = await running_bot(rig)
    kept = []
    for pool_id, equity in (("pool-a", "100"), ("pool-before", "900")):
        async with rig.database.unit_of_work() as session:
            done = await store(session, pool_id, Taken(None, snapshots={bot_id: snapshot(equity)}))
        kept.append((set(done.reported), ((await rig.view(bot_id)).status.snapshot or {})["equity"]))
    assert kept == [({bot_id}, "100"), (set(), "100")]


async def test_what_is_stored_is_handed_to_the_portfolio(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    agent = FakeAgent()
    await rig.add_pool(agent)
    async with rig.running():
        bot_id = await running_bot(rig)
    service = PortfolioService(rig.database, rig.bus)
    collector = Collector("pool-a", rig.database, rig.bus, rig.agents, portfolio=service)
    collecting = asyncio.create_task(collector.run())
    asked: list[str] = []

    async def noted(_: AsyncSession, bot_ids: Sequence[str]) -> Mapping[str, object]:
        asked.extend(bot_ids)
        return {}

    monkeypatch.setattr(portfolio_repository, "snapshots", noted)
    try:
        await eventually(lambda: agent.listeners)
        agent.tell_snapshot(bot_id, snapshot("1234"))
        await eventually(lambda: service._heard)
        assert (await service.portfolio(OWNER)).equity == 1234
    finally:
        collecting.cancel()
        await asyncio.gather(collecting, return_exceptions=True)
    assert asked == []


class Listener:
    """Hears requests; fails on the first one."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.settled: list[tuple[str, str, str, str]] = []

    async def reserve(self, pool_id: str, item: ReserveItem) -> None:
        self.asked.append(item.request.request_id)
        if len(self.asked) == 1:
            raise RuntimeError("a listener that fails")

    async def settle(self, pool_id: str, item: SettleItem) -> None:
        self.settled.append((pool_id, item.bot_id, item.run_id, item.settlement.outcome))

    async def snapshot(self, pool_id: str, item: SnapshotItem) -> None:
        pass


async def test_what_bots_ask_is_heard_while_the_database_stands_still(rig: Rig) -> None:
    agent = FakeAgent()
    await rig.add_pool(agent)
    listener = Listener()
    async with rig.running():
        bot_id = await running_bot(rig)
    collector = Collector("pool-a", rig.database, rig.bus, rig.agents, listener)
    collecting = asyncio.create_task(collector.run())
    try:
        await eventually(lambda: agent.listeners)
        async with rig.database.unit_of_work():
            agent.tell_event(bot_id, EventType.TRADE_ENTRY, {}, 1)
            agent.tell_reserve(bot_id, request("first"))
            agent.tell_reserve(bot_id, request("second"))
            agent.tell_settle(bot_id, Settlement(request_id="second", outcome="sent"))
            await eventually(lambda: listener.settled)
    finally:
        collecting.cancel()
        await asyncio.gather(collecting, return_exceptions=True)
    assert listener.asked == ["first", "second"]
    assert listener.settled == [("pool-a", bot_id, "run-1", "sent")]


def request(request_id: str) -> ReserveRequest:
    return ReserveRequest(
        request_id=request_id,
        purpose="entry",
        pair="BTC/USDT",
        asset="BTC",
        is_short=False,
        stake_currency="USDT",
        stake=Decimal(100),
        leverage=Decimal(1),
        exposure=Decimal(100),
        at=utc_now(),
    )
