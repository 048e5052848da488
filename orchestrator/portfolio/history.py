"""Equity history: points in buckets, coarser with age.

The portfolio task writes a point every 10 s for each user, in all and per mode, with the lowest and highest equity it
saw in between. A job rolls them up into coarser buckets, the unfinished one included, and forgets what is too old:

| bucket | kept |
|---|---|
| 10 s | 2 h |
| 1 min | 48 h |
| 15 min | 30 d |
| 6 h | for ever |

Rolling up is idempotent: it makes the newest coarse buckets again from their finer points. A time in which nothing was
measured has no point.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Literal, get_args

from pydantic import Field
from sqlalchemy import delete, func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.kit.money import subtract
from orchestrator.portfolio.models import EquityPointModel
from orchestrator.portfolio.views import Portfolio, Totals
from pool.contract.model import Instant, Money, Wire

Range = Literal["1h", "24h", "7d", "30d", "all"]
RANGES: tuple[Range, ...] = get_args(Range)

FINEST_SECONDS = 10
RETENTION: dict[int, timedelta | None] = {
    FINEST_SECONDS: timedelta(hours=2),
    60: timedelta(hours=48),
    900: timedelta(days=30),
    21_600: None,
}
COARSEST_SECONDS = 21_600
STEPS = ((FINEST_SECONDS, 60), (60, 900), (900, COARSEST_SECONDS))
SPANS: dict[Range, timedelta | None] = {
    "1h": timedelta(hours=1),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "all": None,
}
_MOST_POINTS = 3000


class HistoryPoint(Wire):
    """One bucket, named by its start; figures are of its end."""

    at: Instant
    equity: Money = Field(examples=["3012.5"])
    low: Money = Field(description="Lowest equity within the bucket.", examples=["3001"])
    high: Money = Field(description="Highest equity within the bucket.", examples=["3015"])
    starting_capital: Money = Field(examples=["3000"])
    profit: Money = Field(description="equity - starting_capital", examples=["12.5"])
    realised: Money = Field(examples=["10.25"])
    unrealised: Money = Field(examples=["2.25"])
    bots: int = Field(examples=[3])
    stale_bots: int = Field(examples=[0])
    stale: bool = Field(description="No bot reported throughout: the figures are last known ones.")


class History(Wire):
    """Equity over time in the reporting currency, oldest first: in all, and dry and live apart. Times in which nothing
    was measured have no point."""

    range: Range
    currency: str = Field(examples=["USDT"])
    resolution_seconds: int = Field(examples=[60])
    points: list[HistoryPoint]
    dry: list[HistoryPoint]
    live: list[HistoryPoint]


@dataclass(slots=True)
class Bucket:
    """A bucket in the making. `totals` are the newest; `stale_bots` is the least seen."""

    at: datetime
    currency: str
    totals: Totals
    low: Decimal
    high: Decimal
    stale_bots: int


class Sampler:
    """Collects what is computed into buckets of 10 s, until they are written."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, str], Bucket] = {}
        self._finished: list[tuple[str, str, Bucket]] = []

    def add(self, user_id: str, portfolio: Portfolio) -> None:
        """A portfolio as computed just now; modes without bots leave no points."""
        shared = {name: getattr(portfolio, name) for name in Totals.model_fields if name != "bots"}
        everything = Totals(**shared, bots=len(portfolio.bots))
        at = bucket_start(portfolio.as_of, FINEST_SECONDS)
        for mode, totals in (("all", everything), ("dry", portfolio.dry), ("live", portfolio.live)):
            if totals.bots:
                self._add(user_id, mode, at, portfolio.currency, totals)

    def take(self, now: datetime | None = None) -> list[EquityPointModel]:
        """Points of buckets that ended by `now`; None: of all. They are given out once."""
        for key, bucket in list(self._open.items()):
            if now is None or bucket.at + timedelta(seconds=FINEST_SECONDS) <= now:
                self._finished.append((*key, bucket))
                del self._open[key]
        finished, self._finished = self._finished, []
        return [_point_of(user_id, mode, bucket) for user_id, mode, bucket in finished]

    def _add(self, user_id: str, mode: str, at: datetime, currency: str, totals: Totals) -> None:
        key = (user_id, mode)
        bucket = self._open.get(key)
        if bucket is not None and bucket.at != at:
            self._finished.append((*key, bucket))
            bucket = None
        if bucket is None or bucket.currency != currency:
            self._open[key] = Bucket(at, currency, totals, totals.equity, totals.equity, totals.stale_bots)
            return
        bucket.totals = totals
        bucket.low = min(bucket.low, totals.equity)
        bucket.high = max(bucket.high, totals.equity)
        bucket.stale_bots = min(bucket.stale_bots, totals.stale_bots)


def bucket_start(at: datetime, seconds: int) -> datetime:
    """Start of the bucket that the time falls into; buckets are aligned to the Unix epoch."""
    return datetime.fromtimestamp(at.timestamp() // seconds * seconds, UTC)


def roll_up(points: Iterable[EquityPointModel], seconds: int) -> list[EquityPointModel]:
    """Coarser points from finer ones. Points in another currency than a bucket's last are left out of it."""
    grouped: dict[tuple[str, str, datetime], list[EquityPointModel]] = defaultdict(list)
    for point in points:
        grouped[point.user_id, point.mode, bucket_start(point.at, seconds)].append(point)
    return [_merged(sorted(group, key=_time), at, seconds) for (_, _, at), group in sorted(grouped.items())]


def resolution_for(span: timedelta | None, first: datetime | None, now: datetime) -> int:
    """The finest resolution that still covers the span, or the time since the first point where that is shorter, and
    does not give too many points."""
    age = now - first if first else timedelta()
    wanted = age if span is None else min(span, age)
    for seconds, kept in RETENTION.items():
        if (kept is None or wanted <= kept) and wanted.total_seconds() / seconds <= _MOST_POINTS:
            return seconds
    return COARSEST_SECONDS


async def write(session: AsyncSession, points: Sequence[EquityPointModel]) -> None:
    """Stores points of 10 s. One that is there already (from before a restart) is widened."""
    for point in points:
        key = (point.user_id, point.mode, point.resolution_seconds, point.at)
        known = await session.get(EquityPointModel, key)
        if known is not None and known.currency == point.currency:
            point.equity_low = min(point.equity_low, known.equity_low)
            point.equity_high = max(point.equity_high, known.equity_high)
            point.stale_bots = min(point.stale_bots, known.stale_bots)
        await session.merge(point)


async def maintain(session: AsyncSession, now: datetime) -> None:
    """Rolls up what is new, then forgets what is too old."""
    for fine, coarse in STEPS:
        newest = (
            await session.exec(
                select(func.max(EquityPointModel.at)).where(col(EquityPointModel.resolution_seconds) == coarse)
            )
        ).one()
        query = select(EquityPointModel).where(col(EquityPointModel.resolution_seconds) == fine)
        if newest is not None:
            query = query.where(col(EquityPointModel.at) >= newest - timedelta(seconds=coarse))
        for point in roll_up((await session.exec(query)).all(), coarse):
            await session.merge(point)
        await session.flush()
    for seconds, kept in RETENTION.items():
        if kept is not None:
            await session.exec(
                delete(EquityPointModel).where(
                    col(EquityPointModel.resolution_seconds) == seconds, col(EquityPointModel.at) < now - kept
                )
            )


async def read(session: AsyncSession, user_id: str, currency: str, span: Range, now: datetime) -> History:
    """The user's points of this range that are in this currency."""
    length = SPANS[span]
    seconds = resolution_for(length, await _first(session, user_id, currency), now)
    query = (
        select(EquityPointModel)
        .where(
            col(EquityPointModel.user_id) == user_id,
            col(EquityPointModel.mode).in_(("all", "dry", "live")),  # named, so that the primary key finds the window
            col(EquityPointModel.resolution_seconds) == seconds,
            col(EquityPointModel.currency) == currency,
        )
        .order_by(col(EquityPointModel.at))
    )
    if length is not None:
        query = query.where(col(EquityPointModel.at) > now - length - timedelta(seconds=seconds))
    by_mode: dict[str, list[HistoryPoint]] = defaultdict(list)
    for row in (await session.exec(query)).all():
        by_mode[row.mode].append(_told(row))
    return History(
        range=span,
        currency=currency,
        resolution_seconds=seconds,
        points=by_mode["all"],
        dry=by_mode["dry"],
        live=by_mode["live"],
    )


async def _first(session: AsyncSession, user_id: str, currency: str) -> datetime | None:
    """When the user's history begins: the oldest coarse point tells it to 6 h, a finer one within that better."""
    query = (
        select(col(EquityPointModel.resolution_seconds), func.min(EquityPointModel.at))
        .where(
            col(EquityPointModel.user_id) == user_id,
            col(EquityPointModel.mode) == "all",
            col(EquityPointModel.currency) == currency,
        )
        .group_by(col(EquityPointModel.resolution_seconds))
    )
    oldest: dict[int, datetime] = dict((await session.exec(query)).all())
    if not oldest:
        return None
    begin = min(oldest.values())
    limit = begin + timedelta(seconds=COARSEST_SECONDS)
    return next((oldest[seconds] for seconds in sorted(oldest) if oldest[seconds] < limit), begin)


def _time(point: EquityPointModel) -> datetime:
    return point.at


def _merged(group: Sequence[EquityPointModel], at: datetime, seconds: int) -> EquityPointModel:
    last = group[-1]
    same = [point for point in group if point.currency == last.currency]
    return EquityPointModel(
        user_id=last.user_id,
        mode=last.mode,
        resolution_seconds=seconds,
        at=at,
        currency=last.currency,
        equity=last.equity,
        equity_low=min(point.equity_low for point in same),
        equity_high=max(point.equity_high for point in same),
        starting_capital=last.starting_capital,
        realised=last.realised,
        unrealised=last.unrealised,
        bots=last.bots,
        stale_bots=min(point.stale_bots for point in same),
    )


def _point_of(user_id: str, mode: str, bucket: Bucket) -> EquityPointModel:
    totals = bucket.totals
    return EquityPointModel(
        user_id=user_id,
        mode=mode,
        resolution_seconds=FINEST_SECONDS,
        at=bucket.at,
        currency=bucket.currency,
        equity=totals.equity,
        equity_low=bucket.low,
        equity_high=bucket.high,
        starting_capital=totals.starting_capital,
        realised=totals.realised,
        unrealised=totals.unrealised,
        bots=totals.bots,
        stale_bots=bucket.stale_bots,
    )


def _told(row: EquityPointModel) -> HistoryPoint:
    return HistoryPoint(
        at=row.at,
        equity=row.equity,
        low=row.equity_low,
        high=row.equity_high,
        starting_capital=row.starting_capital,
        profit=subtract(row.equity, row.starting_capital),
        realised=row.realised,
        unrealised=row.unrealised,
        bots=row.bots,
        stale_bots=row.stale_bots,
        stale=row.stale_bots >= row.bots > 0,
    )
