"""Tasks that are cancelled in the middle of a transaction, once or twice, leave no lock behind."""

import asyncio
import random
from pathlib import Path

import pytest
from sqlalchemy import text

from orchestrator.db.engine import Database
from tests.databases import sqlite_url

_ROUNDS = 60
_PATIENCE_SECONDS = 60


@pytest.mark.parametrize("seed", [0, 1, 4])
async def test_whoever_comes_next_can_write(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    database = Database(sqlite_url(tmp_path / "flotilla.db"))
    async with database.unit_of_work() as session:
        await session.execute(text("CREATE TABLE rows (number INTEGER)"))

    async def write() -> None:
        async with database.unit_of_work() as session:
            await session.execute(text("INSERT INTO rows VALUES (1)"))
            await session.execute(text("SELECT count(*) FROM rows"))

    async def read() -> None:
        async with database.read() as session:
            await session.execute(text("SELECT count(*) FROM rows"))

    for _ in range(_ROUNDS):
        tasks = [asyncio.create_task(chance.choice([write, read])()) for _ in range(4)]
        for pause in chance.choice([[0.006], [0.006, 0.001]]):
            await asyncio.sleep(chance.random() * pause)  # the moment of the cancellation is what varies
            for task in tasks:
                task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        async with asyncio.timeout(_PATIENCE_SECONDS):
            await write()
    await database.close()
