"""Events of bots are kept as long as was asked for."""

from datetime import timedelta

import pytest
from sqlmodel import col, select

from orchestrator.bots.models import BotEventModel
from orchestrator.bots.retention import forget_events
from orchestrator.kit.clock import utc_now
from orchestrator.retention import jobs
from tests.fakes.portfolio_world import PortfolioWorld


async def add_events(world: PortfolioWorld, *ages_days: int) -> None:
    await world.add_bot("bot-a")
    async with world.database.unit_of_work() as session:
        for age in ages_days:
            at = utc_now() - timedelta(days=age)
            event = BotEventModel(bot_id="bot-a", run_id="r", origin="bot", seq=age, at=at, type="started", data={})
            session.add(event)


async def ages(world: PortfolioWorld) -> list[int]:
    async with world.database.read() as session:
        return list((await session.exec(select(BotEventModel.seq).order_by(col(BotEventModel.seq)))).all())


@pytest.mark.parametrize(("days", "left"), [(90, [1, 89]), (30, [1]), (0, [1, 89, 91, 400])])
async def test_events_go_when_they_are_too_old(world: PortfolioWorld, days: int, left: list[int]) -> None:
    await add_events(world, 1, 89, 91, 400)
    for job in jobs(world.database, days):
        await job.act()
    assert await ages(world) == left


async def test_more_than_one_chunk_goes(world: PortfolioWorld) -> None:
    await add_events(world, 1, 5, 6, 7, 8, 9)
    assert await forget_events(world.database, utc_now() - timedelta(days=2), chunk=2) == 5
    assert await ages(world) == [1]
