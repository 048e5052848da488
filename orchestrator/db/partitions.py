"""Partitions of `bot_snapshots` on PostgreSQL: one table per resolution, in it one per span of time.

| bucket | partition | named for example |
|---|---|---|
| 10 s | an hour | `bot_snapshots_10_2026112106` |
| 1 min | a day | `bot_snapshots_60_20261121` |
| 15 min | a month | `bot_snapshots_900_202611` |
| 6 h | one for ever | `bot_snapshots_21600` |

A partition is made beside the table and then attached, which holds up neither readers nor writers; old ones are dropped
whole, which costs the same however many rows they have. Whoever writes makes what is missing, so a late maintenance
never refuses a row. On SQLite `bot_snapshots` is a plain table and nothing here is called.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from orchestrator.db.locks import PARTITIONS, hold

_FORMATS = {10: "%Y%m%d%H", 60: "%Y%m%d", 900: "%Y%m"}
_DROP_PATIENCE = "1s"


@dataclass(frozen=True, slots=True)
class Partition:
    """Rows of one resolution from `start` up to, not including, `end`."""

    resolution_seconds: int
    start: datetime
    end: datetime

    @property
    def parent(self) -> str:
        return f"bot_snapshots_{self.resolution_seconds}"

    @property
    def name(self) -> str:
        return f"{self.parent}_{self.start.strftime(_FORMATS[self.resolution_seconds])}"


def partition_of(resolution_seconds: int, at: datetime) -> Partition | None:
    """Where a row of then belongs; None where the resolution has one table for ever."""
    at = at.astimezone(UTC)
    hour = at.replace(minute=0, second=0, microsecond=0)
    match resolution_seconds:
        case 10:
            return Partition(10, hour, hour + timedelta(hours=1))
        case 60:
            day = hour.replace(hour=0)
            return Partition(60, day, day + timedelta(days=1))
        case 900:
            month = hour.replace(day=1, hour=0)
            return Partition(900, month, (month + timedelta(days=32)).replace(day=1))
    return None


async def ensure(connection: AsyncConnection, wanted: Iterable[Partition]) -> list[str]:
    """Makes those that are missing; answers their names. To be called within a transaction on PostgreSQL."""
    by_name = {partition.name: partition for partition in wanted}
    missing = sorted(by_name.keys() - await _existing(connection, by_name))
    if not missing:
        return []
    await hold(connection, PARTITIONS)
    missing = sorted(by_name.keys() - await _existing(connection, by_name))  # somebody else may have been faster
    for name in missing:
        partition = by_name[name]
        start, end = partition.start.isoformat(), partition.end.isoformat()
        await connection.execute(text(f"CREATE TABLE {name} (LIKE {partition.parent} INCLUDING DEFAULTS)"))
        attach = f"ALTER TABLE {partition.parent} ATTACH PARTITION {name} FOR VALUES FROM ('{start}') TO ('{end}')"
        await connection.exec_driver_sql(attach)
    return missing


def ahead(resolutions: Iterable[int], now: datetime) -> list[Partition]:
    """The present partition of each resolution and the next."""
    wanted = []
    for seconds in resolutions:
        present = partition_of(seconds, now)
        following = partition_of(seconds, present.end) if present else None
        wanted += [partition for partition in (present, following) if partition]
    return wanted


async def every(connection: AsyncConnection) -> list[Partition]:
    """All that exist, oldest first within a resolution."""
    found = []
    for seconds, written in _FORMATS.items():
        parent = f"bot_snapshots_{seconds}"
        query = text(
            "SELECT child.relname FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid "
            "WHERE inhparent = to_regclass(:parent) ORDER BY child.relname"
        )
        for name in (await connection.execute(query, {"parent": parent})).scalars():
            start = datetime.strptime(name.removeprefix(f"{parent}_"), written).replace(tzinfo=UTC)
            partition = partition_of(seconds, start)
            if partition is not None:
                found.append(partition)
    return found


async def drop(connection: AsyncConnection, partition: Partition) -> None:
    """Drops it with its rows. Waits a second for those who read the table, then raises
    `sqlalchemy.exc.OperationalError`: writers must not queue behind a drop that queues behind a backup."""
    await connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_DROP_PATIENCE}'")
    await connection.exec_driver_sql(f"DROP TABLE IF EXISTS {partition.name}")


async def _existing(connection: AsyncConnection, names: Iterable[str]) -> set[str]:
    query = text("SELECT name FROM unnest(CAST(:names AS text[])) AS name WHERE to_regclass(name) IS NOT NULL")
    return set((await connection.execute(query, {"names": list(names)})).scalars())
