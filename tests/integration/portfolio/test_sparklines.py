"""Short series of all bots, on both databases."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from orchestrator.bots.models import BotModel
from orchestrator.kit.clock import utc_now
from orchestrator.portfolio import bot_history, sparklines
from orchestrator.portfolio.history import RETENTION, SPANS
from orchestrator.portfolio.sparklines import SPARK_RANGES, Sparkline, Sparklines, SparkRange
from tests.fakes.portfolio_world import PortfolioWorld

OWNER = "user-1"
NOW = datetime(2026, 11, 21, 12, 40, 30, tzinfo=UTC)
D = Decimal


async def keep(
    world: PortfolioWorld, bot_id: str, seconds: int, profits: dict[datetime, str], currency: str = "USDT"
) -> None:
    """Rows of that resolution, by their starts."""
    rows: list[tuple[Any, ...]] = [
        (bot_id, seconds, at, currency, 1000 + D(told), D(0), D(9999), D(1000), D(0), D(0), D(0), 0, 0)
        for at, told in profits.items()
    ]
    async with world.database.unit_of_work() as session:
        await bot_history.store(await session.connection(), rows)


async def told(world: PortfolioWorld, span: SparkRange, owner: str = OWNER) -> Sparklines:
    async with world.database.read() as session:
        return await sparklines.read(session, owner, span, NOW)


def line(found: Sparklines, bot_id: str) -> Sparkline:
    (one,) = [item for item in found.items if item.bot_id == bot_id]
    assert len(one.profit) == len(found.times)
    return one


@pytest.mark.parametrize("span", SPARK_RANGES)
async def test_a_series_has_some_thirty_times_of_the_range_and_now(world: PortfolioWorld, span: SparkRange) -> None:
    length = SPANS[span]
    assert length is not None
    times = (await told(world, span)).times
    assert 28 <= len(times) <= 33
    *earlier, last = times
    assert last == NOW
    steps = {later - before for before, later in pairwise(earlier)}
    assert len(steps) == 1
    (step,) = steps
    assert step * len(earlier) == length
    assert timedelta(minutes=2) <= NOW - earlier[-1] < step + timedelta(minutes=2), "what is older is rolled up"


@pytest.mark.parametrize("span", SPARK_RANGES)
def test_buckets_are_kept_as_long_as_they_are_shown(span: SparkRange) -> None:
    length, steps = SPANS[span], sparklines._STEPS[span]
    assert length is not None
    kept = RETENTION[steps.resolution_seconds]
    assert steps.step_seconds % steps.resolution_seconds == 0
    assert kept is None or kept > length + timedelta(seconds=2 * steps.step_seconds)


async def test_a_point_is_what_the_bot_told_last_before_its_time(world: PortfolioWorld) -> None:
    await world.add_bot("bot-a")
    times = (await told(world, "1h")).times
    place, minute = 7, timedelta(minutes=1)
    await keep(world, "bot-a", 60, {times[place] - minute: "12.5", times[place] - 2 * minute: "7", times[place]: "9"})
    await keep(world, "bot-a", 900, {times[place] - minute: "77"})
    profit = line(await told(world, "1h"), "bot-a").profit
    assert {number: value for number, value in enumerate(profit) if value is not None} == {place: D("12.5")}
    assert format(profit[place] or 0, "f") == "12.5", "without the places that a database adds"


async def test_the_last_point_is_the_newest_reading_unless_that_is_too_old(world: PortfolioWorld) -> None:
    for bot_id in ("bot-a", "bot-b"):
        await world.add_bot(bot_id)
    ago = {seconds: NOW - timedelta(seconds=seconds) for seconds in (10, 20, 70)}
    await keep(world, "bot-a", 10, {ago[20]: "1", ago[10]: "2", ago[70]: "3"})
    await keep(world, "bot-b", 10, {ago[70]: "3"})
    found = await told(world, "24h")
    assert line(found, "bot-a").profit[-1] == 2
    assert line(found, "bot-b").profit[-1] is None


async def test_all_bots_of_the_user_have_a_line_and_no_others(world: PortfolioWorld) -> None:
    await world.add_user("user-two")
    for number, bot_id in enumerate(("bot-c", "bot-a", "bot-gone")):
        await world.add_bot(bot_id)
        async with world.database.unit_of_work() as session:
            row = await session.get_one(BotModel, bot_id)
            row.created_at = NOW + timedelta(seconds=number)
            row.deleted_at = utc_now() if bot_id == "bot-gone" else None
    await world.add_bot("bot-other", owner_id="user-two")
    for bot_id in ("bot-c", "bot-gone", "bot-other"):
        await keep(world, bot_id, 10, {NOW - timedelta(seconds=10): "5"})
    found = await told(world, "7d")
    assert [(one.bot_id, one.currency, one.profit[-1]) for one in found.items] == [
        ("bot-c", "USDT", 5), ("bot-a", "USDT", None),
    ]  # fmt: skip
    assert [one.bot_id for one in (await told(world, "7d", "user-two")).items] == ["bot-other"]


async def test_what_was_in_another_currency_is_left_out(world: PortfolioWorld) -> None:
    await world.add_bot("bot-a")
    await keep(world, "bot-a", 10, {NOW - timedelta(seconds=10): "5"}, currency="EUR")
    assert set(line(await told(world, "1h"), "bot-a").profit) == {None}


async def test_more_than_one_portion_is_told_whole(world: PortfolioWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sparklines, "_PORTION", 3)
    await world.add_bot("bot-a")
    times = (await told(world, "24h")).times[:-1]
    await keep(world, "bot-a", 900, {at - timedelta(minutes=15): str(number) for number, at in enumerate(times)})
    assert line(await told(world, "24h"), "bot-a").profit == [*range(len(times)), None]
