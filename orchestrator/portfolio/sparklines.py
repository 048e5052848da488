"""Short series of every bot's profit, for tables: one query, cheap for a thousand bots.

A series is not read whole: of the buckets of `portfolio.bot_history` only those are looked up that end at the times
which are shown, some 30 for each bot, and the newest of the finest ones for now.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

import sqlalchemy
from pydantic import Field
from sqlalchemy import Table, and_, or_
from sqlmodel import SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.bots.models import BotModel
from orchestrator.kit.money import subtract, tidy
from orchestrator.portfolio.history import FINEST_SECONDS, SPANS, bucket_start
from pool.contract.model import Instant, Money, Wire

SparkRange = Literal["1h", "24h", "7d"]
SPARK_RANGES: tuple[SparkRange, ...] = get_args(SparkRange)
_TABLE: Table = SQLModel.metadata.tables["bot_snapshots"]
_NOW = timedelta(minutes=1)
"""What is older is not told as of now."""
_PORTION = 2000
_ROLLED_UP = timedelta(minutes=2)
"""So long after its end a bucket is there for sure."""


@dataclass(frozen=True, slots=True)
class _Steps:
    """A time every `step_seconds`, and the buckets that tell of them: they are kept for the range, and steps are
    multiples of theirs."""

    step_seconds: int
    resolution_seconds: int


_STEPS: dict[SparkRange, _Steps] = {
    "1h": _Steps(120, 60),
    "24h": _Steps(2700, 900),
    "7d": _Steps(21_600, 21_600),
}


class Sparkline(Wire):
    """A bot's profit (equity less starting capital), in its stake currency."""

    bot_id: str = Field(examples=["bot-k3v2q7d5mwxz4tha"])
    currency: str = Field(examples=["USDT"])
    profit: list[Money | None] = Field(
        description="One for each of `times`; null where the bot did not report then.", examples=[["0", "1.5", None]]
    )


class Sparklines(Wire):
    """Profits of all bots at the same times."""

    range: SparkRange
    times: list[Instant] = Field(
        description="Oldest first, evenly apart but for the last, which is now.", examples=[["2026-11-20T11:58:00Z"]]
    )
    items: list[Sparkline] = Field(description="Every bot, in the order of their creation.")


async def read(session: AsyncSession, owner_id: str, span: SparkRange, now: datetime) -> Sparklines:
    """Of all the user's bots that are not deleted."""
    steps = _STEPS[span]
    ends = _ends(span, now)
    bots = await session.exec(
        select(BotModel.id, BotModel.stake_currency)
        .where(col(BotModel.owner_id) == owner_id, col(BotModel.deleted_at).is_(None))
        .order_by(col(BotModel.created_at), col(BotModel.id))
    )
    lines: dict[str, tuple[str, list[Money | None]]] = {
        bot_id: (currency, [None] * (len(ends) + 1)) for bot_id, currency in bots.all()
    }
    last_of = {end - timedelta(seconds=steps.resolution_seconds): place for place, end in enumerate(ends)}
    latest: dict[str, datetime] = {}
    async for bot_id, seconds, at, equity, capital in _buckets(session, owner_id, steps, list(last_of), now):
        if bot_id not in lines:
            continue
        profit = tidy(subtract(equity, capital))
        if seconds != FINEST_SECONDS:
            lines[bot_id][1][last_of[at]] = profit
        elif at >= latest.get(bot_id, at):
            latest[bot_id] = at
            lines[bot_id][1][-1] = profit
    made = Sparkline.model_construct  # checking 30,000 figures of our own would take longer than reading them
    items = [made(bot_id=bot_id, currency=one[0], profit=one[1]) for bot_id, one in lines.items()]
    return Sparklines(range=span, times=[*ends, now], items=items)


def _ends(span: SparkRange, now: datetime) -> list[datetime]:
    """The times within the range, but for now."""
    length, step = SPANS[span], timedelta(seconds=_STEPS[span].step_seconds)
    newest = bucket_start(now - _ROLLED_UP, _STEPS[span].step_seconds)
    count = 0 if length is None else int(length / step)
    return [newest - step * number for number in reversed(range(count))]


async def _buckets(
    session: AsyncSession, owner_id: str, steps: _Steps, starts: Sequence[datetime], now: datetime
) -> AsyncIterator[Sequence[Any]]:
    """Bot, resolution, start, equity and starting capital of these buckets, and of the finest ones of just now. Between
    two portions the process does what else it has to."""
    told = _TABLE.columns
    query = (
        sqlalchemy.select(told.bot_id, told.resolution_seconds, told.at, told.equity, told.starting_capital)
        .join(BotModel, col(BotModel.id) == told.bot_id)
        .where(
            col(BotModel.owner_id) == owner_id,
            col(BotModel.deleted_at).is_(None),
            told.currency == col(BotModel.stake_currency),
            or_(
                and_(told.resolution_seconds == steps.resolution_seconds, told.at.in_(starts)),
                and_(told.resolution_seconds == FINEST_SECONDS, told.at > now - _NOW, told.at <= now),
            ),
        )
    )
    found = await (await session.connection()).stream(query)
    async for portion in found.partitions(_PORTION):
        for row in portion:
            yield row
