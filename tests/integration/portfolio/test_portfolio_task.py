"""The task: when it publishes, what it writes."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import col, func, select

from orchestrator.bots.announce import user_topic
from orchestrator.events.bus import Message, Subscription
from orchestrator.events.in_process import InProcessBus
from orchestrator.kit.clock import utc_now
from orchestrator.portfolio.history import maintain, write
from orchestrator.portfolio.models import EquityPointModel
from orchestrator.portfolio.service import PortfolioService
from orchestrator.portfolio.task import PortfolioTask
from tests.fakes.portfolio_world import PortfolioWorld
from tests.support import eventually


@asynccontextmanager
async def running(task: PortfolioTask) -> AsyncIterator[None]:
    job = asyncio.create_task(task.run())
    try:
        yield
    finally:
        job.cancel()
        with suppress(asyncio.CancelledError):
            await job


async def next_portfolio(subscription: Subscription) -> Message:
    async with asyncio.timeout(60):
        item = await anext(subscription)
    assert isinstance(item, Message)
    assert item.kind == "portfolio"
    return item


async def test_a_change_is_published_to_its_user_alone_and_only_a_change(
    world: PortfolioWorld, bus: InProcessBus
) -> None:
    await world.add_user("user-2")
    await world.add_bot("bot-a")
    await world.report("bot-a", "1000")
    mine, other = bus.subscribe(user_topic("user-1")), bus.subscribe(user_topic("user-2"))
    task = PortfolioTask(world.database, bus)
    await task.recompute({"user-1", "user-2"})
    assert (await next_portfolio(mine)).body["equity"] == "1000"
    await task.recompute({"user-1"})
    await world.report("bot-a", "1000")
    await task.recompute({"user-1"})
    await world.report("bot-a", "1001")
    await task.recompute({"user-1"})
    assert (await next_portfolio(mine)).body["equity"] == "1001", "nothing was published for age alone"
    assert (await next_portfolio(other)).body["bots"] == []


async def test_the_event_has_the_body_of_the_portfolio(world: PortfolioWorld, bus: InProcessBus) -> None:
    await world.add_bot("bot-a")
    subscription = bus.subscribe(user_topic("user-1"))
    service = PortfolioService(world.database, bus, monotonic=lambda: 0.0)
    await PortfolioTask(world.database, bus, service).recompute({"user-1"})
    body = (await next_portfolio(subscription)).body
    assert body == (await service.recent("user-1")).model_dump(mode="json")


async def test_staleness_is_published_though_nothing_happens(world: PortfolioWorld, bus: InProcessBus) -> None:
    clock = Time(utc_now())
    await world.add_bot("bot-a")
    await world.report("bot-a", "1000", at=clock.now)
    subscription = bus.subscribe(user_topic("user-1"))
    async with running(PortfolioTask(world.database, bus, clock=clock)):
        first = await next_portfolio(subscription)
        clock.now += timedelta(seconds=20)
        second = await next_portfolio(subscription)
    assert [message.body["bots"][0]["stale"] for message in (first, second)] == [False, True]
    assert second.body["equity"] == "1000"


async def test_many_hints_make_at_most_one_portfolio_a_second(world: PortfolioWorld, bus: InProcessBus) -> None:
    await world.add_bot("bot-a")
    subscription = bus.subscribe(user_topic("user-1"))
    arrivals: list[float] = []
    equities: list[Decimal] = []

    async def listen() -> None:
        async for item in subscription:
            assert isinstance(item, Message)
            arrivals.append(time.monotonic())
            equities.append(Decimal(item.body["equity"]))

    listener = asyncio.create_task(listen())
    async with running(PortfolioTask(world.database, bus)):
        began = time.monotonic()
        sent = 0
        while time.monotonic() - began < 3.3 or len(arrivals) < 3:
            sent += 1
            await world.report("bot-a", str(1000 + sent))
            await bus.publish("portfolio", "changed", {"user_id": "user-1"})
            await asyncio.sleep(0.05)
        await eventually(lambda: equities and equities[-1] == 1000 + sent, message="the newest state is published")
        took = time.monotonic() - began
    listener.cancel()
    assert 3 <= len(arrivals) <= took + 2


async def test_the_deletion_of_the_last_bot_is_published(world: PortfolioWorld, bus: InProcessBus) -> None:
    await world.add_bot("bot-a")
    subscription = bus.subscribe(user_topic("user-1"))
    async with running(PortfolioTask(world.database, bus)):
        assert len((await next_portfolio(subscription)).body["bots"]) == 1
        await world.change_bot("bot-a", deleted_at=utc_now())
        assert (await next_portfolio(subscription)).body["bots"] == []


async def test_a_broken_user_does_not_take_the_others_portfolios_away(
    world: PortfolioWorld, bus: InProcessBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.add_user("user-2")
    await world.add_bot("bot-a")
    await world.add_bot("bot-b", "user-2")
    service = PortfolioService(world.database, bus)
    compute = service._compute

    def broken(user_id: str, *told: Any) -> object:
        if user_id == "user-1":
            raise ArithmeticError
        return compute(user_id, *told)

    monkeypatch.setattr(service, "_compute", broken)
    subscription = bus.subscribe(user_topic("user-2"))
    await PortfolioTask(world.database, bus, service).recompute({"user-1", "user-2"})
    assert len((await next_portfolio(subscription)).body["bots"]) == 1


class Time:
    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


async def test_history_is_rolled_up_thinned_and_read_with_extremes(world: PortfolioWorld, bus: InProcessBus) -> None:
    """Three days in steps of ten minutes: what is kept of them, and what each range answers."""
    clock = Time(datetime(2026, 11, 1, tzinfo=UTC))
    begin = clock.now
    service = PortfolioService(world.database, bus, clock=clock)
    for hour in range(3 * 24):
        points = [point(begin + timedelta(minutes=10 * step), 1000 + step) for step in range(hour * 6, hour * 6 + 6)]
        async with world.database.unit_of_work() as session:
            await write(session, points)
        clock.now = points[-1].at + timedelta(seconds=10)
        await roll_up(world, clock.now)

    async with world.database.read() as session:
        query = select(EquityPointModel.resolution_seconds, func.count()).where(col(EquityPointModel.mode) == "all")
        counts = dict((await session.exec(query.group_by(col(EquityPointModel.resolution_seconds)))).all())
    assert counts[10] <= 13
    assert counts[60] <= 48 * 6 + 1
    assert counts[900] == 3 * 24 * 4
    assert counts[21_600] == 12

    last_hour, day, week, ever = [await service.history("user-1", span) for span in ("1h", "24h", "7d", "all")]
    assert [one.resolution_seconds for one in (last_hour, day, week, ever)] == [10, 60, 900, 900]
    assert 6 <= len(last_hour.points) <= 7
    assert len(ever.points) == 3 * 24 * 4
    first = ever.points[0]
    assert (first.equity, first.low, first.high, first.profit) == (1001, 999, 1002, 1)
    assert [one.at for one in ever.points] == sorted(one.at for one in ever.points)
    assert (ever.dry, ever.live) == ([], [])
    await roll_up(world, clock.now)
    assert (await service.history("user-1", "all")) == ever, "rolling up again changes nothing"


async def roll_up(world: PortfolioWorld, now: datetime) -> None:
    async with world.database.unit_of_work() as session:
        await maintain(session, now)


def point(at: datetime, equity: int) -> EquityPointModel:
    return EquityPointModel(
        user_id="user-1",
        mode="all",
        resolution_seconds=10,
        at=at,
        currency="USDT",
        equity=Decimal(equity),
        equity_low=Decimal(equity - 1),
        equity_high=Decimal(equity + 1),
        starting_capital=Decimal(1000),
        realised=Decimal(0),
        unrealised=Decimal(0),
        bots=1,
        stale_bots=0,
    )


async def test_points_without_any_reporting_bot_are_marked(world: PortfolioWorld, bus: InProcessBus) -> None:
    await world.add_bot("bot-a")
    await world.report("bot-a", "1000", state="unknown")
    task = PortfolioTask(world.database, bus)
    await task.recompute({"user-1"})
    await task.write(everything=True)
    (point,) = (await PortfolioService(world.database, bus).history("user-1", "1h")).points
    assert (point.stale, point.stale_bots, point.equity) == (True, 1, 1000)


async def test_what_is_held_is_written_at_the_end_and_a_restart_widens_the_bucket(
    world: PortfolioWorld, bus: InProcessBus
) -> None:
    clock = Time(datetime(2026, 11, 1, tzinfo=UTC))
    await world.add_bot("bot-a")
    for free in ("1000", "900", "950"):
        await world.report("bot-a", free, at=clock.now)
        task = PortfolioTask(world.database, bus, clock=clock)
        await task.recompute({"user-1"})
        await task.write(everything=True)
        clock.now += timedelta(seconds=1)
    (point,) = (await PortfolioService(world.database, bus, clock=clock).history("user-1", "1h")).points
    assert (point.equity, point.low, point.high) == (950, 900, 1000)
