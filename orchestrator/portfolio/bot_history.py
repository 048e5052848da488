"""History of single bots: their account in buckets, coarser with age, as `portfolio.history` has it for users.

Intake records what bots report, one row per bot and bucket of 10 s, in the transaction that stores the report: what
comes later in the same bucket takes the row over and widens its lowest and highest equity. A job rolls the rows up into
coarser buckets and forgets those that are too old: whole partitions on PostgreSQL, rows on SQLite. Only figures of a
plausible account are recorded.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from loguru import logger
from pydantic import Field
from sqlalchemy import Row, Table, delete, func
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.db import partitions
from orchestrator.db.bulk import Merge, upsert
from orchestrator.db.engine import Database
from orchestrator.kit.money import money, subtract
from orchestrator.portfolio.aggregate import is_plausible
from orchestrator.portfolio.history import (
    COARSEST_SECONDS,
    FINEST_SECONDS,
    RETENTION,
    SPANS,
    STEPS,
    Range,
    bucket_start,
    resolution_for,
)
from orchestrator.portfolio.models import BotSnapshotModel
from pool.contract.model import Instant, Money, Wire
from pool.contract.snapshots import BotSnapshot

_TABLE: Table = SQLModel.metadata.tables["bot_snapshots"]
_COLUMNS = tuple(one.name for one in _TABLE.columns)
_MERGE = {"equity_low": Merge.LEAST, "equity_high": Merge.GREATEST}
_SETTLED = timedelta(minutes=3)
"""So long after its start a coarse bucket's predecessor changes no more."""
_CHUNK = 5000
_AT, _KEY = _COLUMNS.index("at"), _COLUMNS.index("bot_id")
_CURRENCY, _LOW, _HIGH = (_COLUMNS.index(name) for name in ("currency", "equity_low", "equity_high"))
_SECONDS = _COLUMNS.index("resolution_seconds")

Values = tuple[Any, ...]
"""A row of `bot_snapshots`, in the order of its columns."""


class BotHistoryPoint(Wire):
    """One bucket, named by its start; figures are of its end, in the bot's stake currency."""

    at: Instant
    equity: Money = Field(examples=["1012.5"])
    low: Money = Field(description="Lowest equity within the bucket.", examples=["1001"])
    high: Money = Field(description="Highest equity within the bucket.", examples=["1015"])
    starting_capital: Money = Field(examples=["1000"])
    profit: Money = Field(description="equity - starting_capital", examples=["12.5"])
    realised: Money = Field(examples=["10.25"])
    unrealised: Money = Field(examples=["2.25"])
    exposure: Money = Field(description="Worth of the open positions.", examples=["300"])
    open_trades: int = Field(examples=[2])
    closed_trades: int = Field(examples=[17])


class BotHistory(Wire):
    """A bot's equity over time in its stake currency, oldest first. Times without any report have no point."""

    range: Range
    currency: str = Field(examples=["USDT"])
    resolution_seconds: int = Field(examples=[60])
    points: list[BotHistoryPoint]


async def record(session: AsyncSession, snapshots: Mapping[str, BotSnapshot], now: datetime) -> None:
    """Keeps what these bots, which exist, reported just now."""
    at = bucket_start(now, FINEST_SECONDS)
    rows = [_values(bot_id, at, snapshot) for bot_id, snapshot in sorted(snapshots.items()) if is_plausible(snapshot)]
    await store(await session.connection(), rows)


async def store(connection: AsyncConnection, rows: Sequence[Values]) -> None:
    """Writes rows; each key at most once among them. Makes the partitions that they need."""
    if connection.dialect.name == "postgresql":
        spans = {partitions.partition_of(row[_SECONDS], row[_AT]) for row in rows}
        await partitions.ensure(connection, [one for one in spans if one is not None])
    await upsert(connection, _TABLE, rows, _MERGE)


async def maintain(database: Database, now: datetime) -> None:
    """Rolls up what is new, then forgets what is too old. Reads first and writes in small units of work, between which
    others can write."""
    for fine, coarse in STEPS:
        async with database.read() as session:
            rows = await _rolled_up(session, fine, coarse, now)
        for start in range(0, len(rows), _CHUNK):
            async with database.unit_of_work() as session:
                await store(await session.connection(), rows[start : start + _CHUNK])
    if database.engine.dialect.name == "postgresql":
        await _keep_partitions(database, now)
        return
    for seconds, kept in RETENTION.items():
        if kept is not None:
            async with database.unit_of_work() as session:
                await session.exec(
                    delete(BotSnapshotModel).where(
                        col(BotSnapshotModel.resolution_seconds) == seconds, col(BotSnapshotModel.at) < now - kept
                    )
                )


def roll_up(rows: Iterable[Sequence[Any]], seconds: int) -> list[Values]:
    """Coarser rows from finer ones that come in the order of time. Rows in another currency than a bucket's last are
    left out of it."""
    buckets: dict[tuple[str, datetime], list[Any]] = {}
    for row in rows:
        at = bucket_start(row[_AT], seconds)
        before = buckets.get((row[_KEY], at))
        merged = list(row)
        merged[_AT], merged[_SECONDS] = at, seconds
        if before is not None and before[_CURRENCY] == row[_CURRENCY]:
            merged[_LOW] = min(before[_LOW], row[_LOW])
            merged[_HIGH] = max(before[_HIGH], row[_HIGH])
        buckets[row[_KEY], at] = merged
    return [tuple(buckets[key]) for key in sorted(buckets)]


async def read(session: AsyncSession, bot_id: str, currency: str, span: Range, now: datetime) -> BotHistory:
    """The bot's points of this range that are in this currency."""
    length = SPANS[span]
    seconds = resolution_for(length, await _first(session, bot_id, currency), now)
    query = (
        select(BotSnapshotModel)
        .where(
            col(BotSnapshotModel.bot_id) == bot_id,
            col(BotSnapshotModel.resolution_seconds) == seconds,
            col(BotSnapshotModel.currency) == currency,
        )
        .order_by(col(BotSnapshotModel.at))
    )
    if length is not None:
        query = query.where(col(BotSnapshotModel.at) > now - length - timedelta(seconds=seconds))
    points = [_told(row) for row in (await session.exec(query)).all()]
    return BotHistory(range=span, currency=currency, resolution_seconds=seconds, points=points)


async def _first(session: AsyncSession, bot_id: str, currency: str) -> datetime | None:
    """When the bot's history begins: the oldest coarse row tells it to 6 h, a finer one within that better."""
    oldest: dict[int, datetime] = {}
    for seconds in RETENTION:
        query = (
            select(col(BotSnapshotModel.at))
            .where(
                col(BotSnapshotModel.bot_id) == bot_id,
                col(BotSnapshotModel.resolution_seconds) == seconds,
                col(BotSnapshotModel.currency) == currency,
            )
            .order_by(col(BotSnapshotModel.at))
            .limit(1)
        )
        at = (await session.exec(query)).first()
        if at is not None:
            oldest[seconds] = at
    if not oldest:
        return None
    begin = min(oldest.values())
    limit = begin + timedelta(seconds=COARSEST_SECONDS)
    return next((oldest[seconds] for seconds in sorted(oldest) if oldest[seconds] < limit), begin)


async def _rolled_up(session: AsyncSession, fine: int, coarse: int, now: datetime) -> list[Values]:
    """The newest coarse bucket again, and the one before while it may still have changed."""
    model = BotSnapshotModel
    query = select(func.max(model.at)).where(col(model.resolution_seconds) == coarse)
    newest = (await session.exec(query)).one()
    rows = select(*_TABLE.columns).where(col(model.resolution_seconds) == fine).order_by(col(model.at))
    if newest is not None:
        settled = now - newest > _SETTLED
        rows = rows.where(col(model.at) >= (newest if settled else newest - timedelta(seconds=coarse)))
    found: Sequence[Row[Any]] = (await (await session.connection()).execute(rows)).all()
    return roll_up(found, coarse)


async def _keep_partitions(database: Database, now: datetime) -> None:
    async with database.unit_of_work() as session:
        connection = await session.connection()
        await partitions.ensure(connection, partitions.ahead(RETENTION, now))
        old = [one for one in await partitions.every(connection) if _too_old(one, now)]
    for partition in old:
        try:
            async with database.unit_of_work() as session:
                await partitions.drop(await session.connection(), partition)
        except OperationalError as error:
            logger.debug("partition {} is read by somebody and stays until the next time: {}", partition.name, error)


def _too_old(partition: partitions.Partition, now: datetime) -> bool:
    kept = RETENTION[partition.resolution_seconds]
    return kept is not None and partition.end <= now - kept


def _values(bot_id: str, at: datetime, snapshot: BotSnapshot) -> Values:
    equity = money(snapshot.equity)
    row = BotSnapshotModel(
        bot_id=bot_id,
        resolution_seconds=FINEST_SECONDS,
        at=at,
        currency=snapshot.stake_currency[:16],
        equity=equity,
        equity_low=equity,
        equity_high=equity,
        starting_capital=money(snapshot.starting_balance),
        realised=money(snapshot.realised),
        unrealised=money(snapshot.unrealised),
        exposure=money(snapshot.in_trades),
        open_trades=len(snapshot.open_trades),
        closed_trades=snapshot.closed_trades,
    )
    return tuple(getattr(row, name) for name in _COLUMNS)


def _told(row: BotSnapshotModel) -> BotHistoryPoint:
    return BotHistoryPoint(
        at=row.at,
        equity=row.equity,
        low=row.equity_low,
        high=row.equity_high,
        starting_capital=row.starting_capital,
        profit=subtract(row.equity, row.starting_capital),
        realised=row.realised,
        unrealised=row.unrealised,
        exposure=row.exposure,
        open_trades=row.open_trades,
        closed_trades=row.closed_trades,
    )
