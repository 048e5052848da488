"""Rows in bulk mean the same as one by one, on both databases, few as many."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from orchestrator.bots.models import BotEventModel
from orchestrator.db.bulk import Merge, insert, plain, upsert
from orchestrator.db.engine import Database
from orchestrator.kit.clock import utc_now
from orchestrator.portfolio.models import EquityPointModel
from orchestrator.tables import METADATA
from orchestrator.users.models import UserModel

POINTS = METADATA.tables["equity_points"]
MERGE = {"equity_low": Merge.LEAST, "equity_high": Merge.GREATEST}
BEGIN = datetime(2026, 3, 29, 3, 30, 0, 123_456, timezone(timedelta(hours=2)))


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url)
    async with opened.unit_of_work() as session:
        session.add(UserModel(id="user-1", username="one", password_hash="-", role="trader", created_at=utc_now()))
    yield opened
    await opened.close()


def point(number: int, equity: str) -> tuple[Any, ...]:
    value = Decimal(equity)
    at = BEGIN + timedelta(seconds=number)
    return ("user-1", "all", 10, at, "USDT", value, value, value, Decimal(1000), value, value, 3, 1)


async def stored(database: Database) -> list[EquityPointModel]:
    async with database.read() as session:
        return list((await session.exec(select(EquityPointModel).order_by(col(EquityPointModel.at)))).all())


async def put(database: Database, rows: list[tuple[Any, ...]]) -> None:
    async with database.unit_of_work() as session:
        await upsert(await session.connection(), POINTS, rows, MERGE)


@pytest.mark.parametrize("count", [1, 50, 500])
async def test_new_rows_are_added_and_known_ones_widened(database: Database, count: int) -> None:
    await put(database, [point(number, "100") for number in range(count)])
    await put(database, [point(number, "9.5") for number in range(count)])
    await put(database, [point(number, "20.000000000000000001") for number in range(count + 1)])
    rows = await stored(database)
    assert len(rows) == count + 1
    assert {(row.equity, row.equity_low, row.equity_high) for row in rows[:-1]} == {
        (Decimal("20.000000000000000001"), Decimal("9.5"), Decimal(100))
    }
    assert (rows[0].at, rows[0].bots) == (BEGIN.astimezone(UTC), 3)
    await put(database, [])


async def test_both_ways_twice_in_one_unit(database: Database) -> None:
    async with database.unit_of_work() as session:
        connection = await session.connection()
        for first in (0, 1000):
            await upsert(connection, POINTS, [point(first + number, "1") for number in range(300)])
    assert len(await stored(database)) == 600


async def test_what_fails_leaves_nothing(database: Database) -> None:
    async def half() -> None:
        async with database.unit_of_work() as session:
            connection = await session.connection()
            await upsert(connection, POINTS, [point(1, "1")])
            nobody = ("nobody", *point(2, "1")[1:])
            await upsert(connection, POINTS, [nobody])
            await connection.execute(text("SELECT 1"))

    with pytest.raises(IntegrityError):
        await half()
    assert await stored(database) == []


async def test_json_goes_in_as_the_text_it_is(database: Database) -> None:
    table = plain(METADATA.tables["portfolio_peaks"])
    written = '{"b": 1.50, "a": ["\\u0000", null]}'
    async with database.unit_of_work() as session:
        connection = await session.connection()
        await insert(connection, table, [("user-1", "all", "USDT", Decimal(1), written, BEGIN)])
    async with database.read() as session:
        query = text("SELECT CAST(members AS TEXT) FROM portfolio_peaks")
        assert (await session.exec(query)).scalar() == written  # type: ignore[call-overload]
        assert (await session.exec(select(BotEventModel))).first() is None
