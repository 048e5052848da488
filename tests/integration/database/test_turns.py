"""Writers take turns, on SQLite too, which has no queue of its own."""

import asyncio
from pathlib import Path

from sqlalchemy import text

from orchestrator.db.engine import Database
from tests.databases import sqlite_url
from tests.support import PATIENT_SECONDS, eventually

_WRITERS = 20


async def test_who_came_first_writes_first(tmp_path: Path) -> None:
    database = Database(sqlite_url(tmp_path / "flotilla.db"))
    order: list[int] = []

    async def write(number: int) -> None:
        async with database.unit_of_work() as session:
            await session.execute(text("SELECT 1"))
            order.append(number)

    def all_wait() -> bool:
        return database.readings().waiting == len(waiting)

    waiting: list[asyncio.Task[None]] = []
    async with database.unit_of_work():
        for number in range(_WRITERS):
            waiting.append(asyncio.create_task(write(number)))
            await eventually(all_wait)
        waiting[3].cancel()
        await asyncio.wait([waiting[3]], timeout=PATIENT_SECONDS)
        async with database.read() as session:
            await session.execute(text("SELECT 1"))
        assert order == [], "who reads waits for nobody"
    await asyncio.wait(waiting, timeout=PATIENT_SECONDS)
    assert order == [number for number in range(_WRITERS) if number != 3]
    assert database.readings().waiting == 0
    await database.close()
