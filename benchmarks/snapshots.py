"""How many snapshots of bots a second the database takes, and what that costs.

    python -m benchmarks.snapshots [--bots 1000] [--batches 60] [--url postgresql+psycopg://…] [--json]

Each batch is one reading of each bot, written as intake writes it (`bot_history.store`: COPY on PostgreSQL, one
prepared statement on SQLite), and for comparison by the ORM in units of work of the same size, in the same run on the
same database: a new SQLite file, and PostgreSQL: one of its own, or with --url (or FLOTILLA_BENCH_URL) an empty
database anywhere. CPU is this process's; the server's own is told beside it where it runs on this machine.
"""

import argparse
import asyncio
import json
import os
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import psutil

from benchmarks.stores import postgres
from orchestrator.db import migrate, partitions
from orchestrator.db.engine import Database
from orchestrator.portfolio import bot_history
from orchestrator.portfolio.models import BotSnapshotModel
from orchestrator.tables import METADATA

_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
_NAMES = [column.name for column in METADATA.tables["bot_snapshots"].columns]
Batch = Sequence[bot_history.Values]


@dataclass(frozen=True, slots=True)
class Measured:
    """`cpu_share` is of one core, while writing; `cpu_share_at_10000` scales it to 10,000 rows a second."""

    rows: int
    seconds: float
    rows_per_second: float
    cpu_share: float
    server_cpu_share: float | None
    cpu_share_at_10000: float


async def measure(url: str, bots: int, batches: int) -> dict[str, Measured]:
    """Both ways on one database that is migrated here."""
    await migrate.upgrade(url)
    database = Database(url)
    try:
        bulk = await _timed(database, _bulk, _made(bots, batches, _BEGIN))
        orm = await _timed(database, _orm, _made(bots, max(batches // 10, 1), _BEGIN + timedelta(hours=12)))
    finally:
        await database.close()
    return {"bulk": bulk, "orm": orm}


def _made(bots: int, batches: int, begin: datetime) -> list[Batch]:
    def row(bot: int, at: datetime) -> bot_history.Values:
        equity = Decimal(1_000_000 + bot) / 1000
        none = Decimal(0)
        return (f"bot-{bot:013d}", 10, at, "USDT", equity, equity, equity, Decimal(1000), none, none, none, 2, 17)

    return [[row(bot, begin + timedelta(seconds=10 * batch)) for bot in range(bots)] for batch in range(batches)]


async def _timed(
    database: Database, write: Callable[[Database, Batch], Awaitable[None]], batches: list[Batch]
) -> Measured:
    await _prepare(database, batches)
    await write(database, [("warm", *row[1:]) for row in batches[0][:1]])
    own, server = time.process_time(), _server_cpu(database)
    began = time.perf_counter()
    for batch in batches:
        await write(database, batch)
    seconds = time.perf_counter() - began
    cpu = time.process_time() - own
    after = _server_cpu(database)
    rows = sum(map(len, batches))
    return Measured(
        rows=rows,
        seconds=round(seconds, 3),
        rows_per_second=round(rows / seconds),
        cpu_share=round(cpu / seconds, 3),
        server_cpu_share=None if server is None or after is None else round((after - server) / seconds, 3),
        cpu_share_at_10000=round(cpu / rows * 10_000, 3),
    )


async def _prepare(database: Database, batches: list[Batch]) -> None:
    """Makes partitions, which a running control plane makes ahead."""
    if database.engine.dialect.name == "postgresql":
        wanted = {partitions.partition_of(10, batch[0][2]) for batch in batches}
        async with database.unit_of_work() as session:
            await partitions.ensure(await session.connection(), [one for one in wanted if one is not None])


async def _bulk(database: Database, batch: Batch) -> None:
    async with database.unit_of_work() as session:
        await bot_history.store(await session.connection(), batch)


async def _orm(database: Database, batch: Batch) -> None:
    async with database.unit_of_work() as session:
        session.add_all(BotSnapshotModel(**dict(zip(_NAMES, row, strict=True))) for row in batch)


def _server_cpu(database: Database) -> float | None:
    """CPU seconds of all PostgreSQL processes of this machine; None for SQLite, which is in this process."""
    if database.engine.dialect.name != "postgresql":
        return None
    total = 0.0
    for process in psutil.process_iter(["name", "cpu_times"]):
        times = process.info["cpu_times"]
        if process.info["name"] == "postgres" and times is not None:
            total += times.user + times.system
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--bots", type=int, default=1000)
    parser.add_argument("--batches", type=int, default=60)
    parser.add_argument("--url", default=os.environ.get("FLOTILLA_BENCH_URL"), help="an empty PostgreSQL database")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="flotilla-bench-") as directory, ExitStack() as own:
        url = options.url or own.enter_context(postgres(Path(directory) / "postgres")).url
        urls = {"sqlite": f"sqlite+aiosqlite:///{Path(directory) / 'bench.db'}", "postgresql": url}
        found = {kind: asyncio.run(measure(url, options.bots, options.batches)) for kind, url in urls.items()}
    if options.json:
        print(json.dumps({kind: {way: asdict(one) for way, one in both.items()} for kind, both in found.items()}))
        return
    for kind, both in found.items():
        for way, one in both.items():
            print(
                f"{kind:10} {way:4} {one.rows_per_second:>9,} rows/s  {one.cpu_share:.0%} of a core"
                f"{'' if one.server_cpu_share is None else f' (server {one.server_cpu_share:.0%})'}, "
                f"{one.cpu_share_at_10000:.0%} at 10,000 rows/s"
            )


if __name__ == "__main__":
    main()
