"""The history of bots: one row per bot and bucket, rolled up, forgotten in partitions or rows."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import col, func, select

from orchestrator.bots.models import BotModel, BotStatusModel
from orchestrator.db import partitions
from orchestrator.db.engine import Database
from orchestrator.errors import NotFound
from orchestrator.events.in_process import InProcessBus
from orchestrator.intake.batch import Taken
from orchestrator.intake.store import store
from orchestrator.kit.clock import utc_now
from orchestrator.pools.models import PoolModel
from orchestrator.portfolio import bot_history
from orchestrator.portfolio.history import FINEST_SECONDS
from orchestrator.portfolio.models import BotSnapshotModel
from orchestrator.portfolio.service import PortfolioService
from pool.contract.snapshots import BotSnapshot
from tests.fakes.portfolio_world import PortfolioWorld, open_world

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
async def world(tmp_path: Path, database_url: str) -> AsyncIterator[PortfolioWorld]:
    world = await open_world(tmp_path, database_url)
    await world.add_user()
    await world.add_bot("bot-a")
    yield world
    await world.database.close()


async def reading(world: PortfolioWorld, equity: str) -> BotSnapshot:
    await world.report("bot-a", equity)
    async with world.database.read() as session:
        return BotSnapshot.model_validate((await session.get_one(BotStatusModel, "bot-a")).snapshot)


async def record(database: Database, now: datetime, **snapshots: BotSnapshot) -> None:
    async with database.unit_of_work() as session:
        told = {bot_id.replace("_", "-"): snapshot for bot_id, snapshot in snapshots.items()}
        await bot_history.record(session, told, now)


async def stored(database: Database, seconds: int = FINEST_SECONDS) -> list[BotSnapshotModel]:
    async with database.read() as session:
        query = select(BotSnapshotModel).where(col(BotSnapshotModel.resolution_seconds) == seconds)
        return list((await session.exec(query.order_by(col(BotSnapshotModel.at), col(BotSnapshotModel.bot_id)))).all())


async def test_reports_within_a_bucket_are_one_row_with_extremes(world: PortfolioWorld) -> None:
    for second, equity in enumerate(("1000", "900", "1010.5", "950")):
        await record(world.database, BEGIN + timedelta(seconds=second), bot_a=await reading(world, equity))
    await record(world.database, BEGIN + timedelta(seconds=10), bot_a=await reading(world, "7"))
    rows = await stored(world.database)
    assert [(row.at, row.equity, row.equity_low, row.equity_high) for row in rows] == [
        (BEGIN, Decimal(950), Decimal(900), Decimal("1010.5")),
        (BEGIN + timedelta(seconds=10), Decimal(7), Decimal(7), Decimal(7)),
    ]


async def test_amounts_that_no_account_holds_leave_no_row_and_stop_nobody(world: PortfolioWorld) -> None:
    mad = (await reading(world, "1000")).model_copy(update={"free": Decimal("1e30"), "equity": Decimal("1e30")})
    fine = (await reading(world, "1000")).model_copy(update={"realised": Decimal("0.1234567890123456789012")})
    await record(world.database, BEGIN, bot_a=fine, bot_b=mad)
    (row,) = await stored(world.database)
    assert (row.bot_id, row.realised) == ("bot-a", Decimal("0.123456789012345679"))


def values(bot_id: str, at: datetime, equity: int, seconds: int = FINEST_SECONDS, currency: str = "USDT") -> Any:
    whole, none = Decimal(equity), Decimal(0)
    return (bot_id, seconds, at, currency, whole, whole - 1, whole + 1, Decimal(1000), none, none, none, 0, 0)


async def test_history_is_rolled_up_thinned_and_read(world: PortfolioWorld) -> None:
    """Three days in steps of ten minutes, as `test_portfolio_task` has them for users."""
    now = BEGIN
    for hour in range(3 * 24):
        steps = range(hour * 6, hour * 6 + 6)
        rows = [values("bot-a", BEGIN + timedelta(minutes=10 * step), 1000 + step) for step in steps]
        async with world.database.unit_of_work() as session:
            await bot_history.store(await session.connection(), rows)
        now = BEGIN + timedelta(minutes=10 * steps[-1], seconds=10)
        await bot_history.maintain(world.database, now)
    counts = {seconds: len(await stored(world.database, seconds)) for seconds in (10, 60, 900, 21_600)}
    slack = {"sqlite": 1, "postgresql": 7}[world.database.engine.dialect.name]  # whole partitions go
    assert counts[10] <= 2 * 6 + slack
    assert counts[60] <= 48 * 6 + slack * 24
    assert (counts[900], counts[21_600]) == (3 * 24 * 4, 12)
    service = PortfolioService(world.database, InProcessBus(), clock=lambda: now)
    hour_, day, week, ever = [await service.bot_history(None, "bot-a", span) for span in ("1h", "24h", "7d", "all")]  # type: ignore[arg-type]
    assert [one.resolution_seconds for one in (hour_, day, week, ever)] == [10, 60, 900, 900]
    assert 6 <= len(hour_.points) <= 7
    first = ever.points[0]
    assert (len(ever.points), first.equity, first.low, first.high, first.profit) == (288, 1001, 999, 1002, 1)
    await bot_history.maintain(world.database, now)
    assert await service.bot_history(None, "bot-a", "all") == ever, "rolling up again changes nothing"


async def test_a_late_row_reaches_its_finished_bucket(world: PortfolioWorld) -> None:
    async with world.database.unit_of_work() as session:
        await bot_history.store(await session.connection(), [values("bot-a", BEGIN + timedelta(seconds=60), 1000)])
    await bot_history.maintain(world.database, BEGIN + timedelta(seconds=61))
    async with world.database.unit_of_work() as session:
        await bot_history.store(await session.connection(), [values("bot-b", BEGIN + timedelta(seconds=50), 2000)])
    await bot_history.maintain(world.database, BEGIN + timedelta(seconds=65))
    assert [row.bot_id for row in await stored(world.database, 60)] == ["bot-b", "bot-a"]


async def test_another_stake_currency_begins_anew_and_strangers_find_nothing(world: PortfolioWorld) -> None:
    rows = [values("bot-a", BEGIN, 5, currency="BTC"), values("bot-a", BEGIN + timedelta(seconds=10), 1000)]
    async with world.database.unit_of_work() as session:
        await bot_history.store(await session.connection(), rows)
    service = PortfolioService(world.database, InProcessBus(), clock=lambda: BEGIN + timedelta(seconds=20))
    history = await service.bot_history("user-1", "bot-a", "1h")
    assert (history.currency, [point.equity for point in history.points]) == ("USDT", [1000])
    with pytest.raises(NotFound):
        await service.bot_history("user-2", "bot-a", "1h")


async def test_a_bucket_of_two_currencies_keeps_the_last_one() -> None:
    (rolled,) = bot_history.roll_up(
        [values("b", BEGIN, 5, currency="BTC"), values("b", BEGIN + timedelta(seconds=10), 1000)], 60
    )
    assert rolled[1:7] == (60, BEGIN, "USDT", Decimal(1000), Decimal(999), Decimal(1001))


async def test_partitions_are_made_ahead_and_old_ones_dropped(postgres: Any) -> None:
    url = postgres.migrated()
    database = Database(url)
    rows = [values("bot-a", BEGIN + timedelta(hours=hour), 1, seconds) for seconds in (10, 60, 900) for hour in (0, 1)]
    async with database.unit_of_work() as session:
        await bot_history.store(await session.connection(), rows)
    assert await names(database) == {
        "bot_snapshots_10_2026110100", "bot_snapshots_10_2026110101", "bot_snapshots_60_20261101",
        "bot_snapshots_900_202611",
    }  # fmt: skip
    await bot_history.maintain(database, BEGIN + timedelta(days=3, minutes=30))
    assert await names(database) == {
        "bot_snapshots_10_2026110400", "bot_snapshots_10_2026110401", "bot_snapshots_60_20261104",
        "bot_snapshots_60_20261105", "bot_snapshots_900_202611", "bot_snapshots_900_202612",
    }  # fmt: skip
    await database.close()
    postgres.drop(url)


async def test_a_reader_puts_a_drop_off_and_holds_up_no_writer(postgres: Any) -> None:
    url = postgres.migrated()
    database = Database(url)
    async with database.unit_of_work() as session:
        await bot_history.store(await session.connection(), [values("bot-a", BEGIN, 1)])
    async with database.engine.connect() as reader:
        await reader.execute(text("SELECT count(*) FROM bot_snapshots"))
        await bot_history.maintain(database, BEGIN + timedelta(days=1))
        assert "bot_snapshots_10_2026110100" in await names(database)
        async with database.unit_of_work() as session:  # makes partitions, too, while the reader holds on
            await bot_history.store(await session.connection(), [values("bot-a", BEGIN + timedelta(days=2), 1)])
    await bot_history.maintain(database, BEGIN + timedelta(days=1))
    assert "bot_snapshots_10_2026110100" not in await names(database)
    await database.close()
    postgres.drop(url)


async def names(database: Database) -> set[str]:
    async with database.engine.connect() as connection:
        return {one.name for one in await partitions.every(connection)}


@pytest.mark.parametrize(
    ("seconds", "at", "start", "end"),
    [
        (10, "2026-12-31T23:59:59.999999", "2026-12-31T23:00", "2027-01-01T00:00"),
        (60, "2028-02-29T12:00", "2028-02-29", "2028-03-01"),
        (900, "2026-12-31T23:59", "2026-12-01", "2027-01-01"),
        (900, "2027-01-01T00:00", "2027-01-01", "2027-02-01"),
    ],
)
def test_bounds_of_partitions(seconds: int, at: str, start: str, end: str) -> None:
    found = partitions.partition_of(seconds, datetime.fromisoformat(at).replace(tzinfo=UTC))
    assert found is not None
    assert (found.start, found.end) == tuple(datetime.fromisoformat(one).replace(tzinfo=UTC) for one in (start, end))


async def test_what_intake_stores_is_in_the_history(world: PortfolioWorld) -> None:
    async with world.database.unit_of_work() as session:
        session.add(
            PoolModel(
                id="pool-a",
                node="local",
                driver="process",
                slots_total=10,
                desired_state="running",
                observed_state="ready",
                conditions=[],
                created_at=utc_now(),
            )
        )
        await session.flush()
        (await session.get_one(BotModel, "bot-a")).pool_id = "pool-a"
    taken = Taken(None, snapshots={"bot-a": await reading(world, "1234"), "bot-unknown": await reading(world, "1")})
    for _ in range(2):
        async with world.database.unit_of_work() as session:
            await store(session, "pool-a", taken)
    async with world.database.read() as session:
        query = select(BotSnapshotModel.bot_id, func.max(BotSnapshotModel.equity)).group_by(
            col(BotSnapshotModel.bot_id)
        )
        assert [row[0] for row in (await session.exec(query)).all()] == ["bot-a"]
