"""Queries behind the portfolio: bots as wanted and as seen, high-water marks. No decisions here."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import delete
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.bots.models import BotModel, BotStatusModel
from orchestrator.bots.repository import readable
from orchestrator.portfolio.models import BotPeakModel, PortfolioPeakModel
from orchestrator.portfolio.peaks import Member, Peak
from orchestrator.users.models import UserModel

_CHUNK = 500

BotRow = tuple[BotModel, BotStatusModel | None]


@dataclass(frozen=True, slots=True)
class StandingRow:
    """What an aggregation needs of a bot, but for its snapshot: that is long, and seldom another one."""

    id: str
    owner_id: str
    name: str
    dry_run: bool
    desired_state: str
    stake_currency: str
    starting_balance: Decimal
    updated_at: datetime
    observed_state: str | None
    """None of a bot without a status."""
    trader_state: str | None
    snapshot_at: datetime | None
    pss_bytes: float | None


@dataclass(frozen=True, slots=True)
class Marks:
    """High-water marks of a user in one currency: by mode, and by bot with the bot's own currency."""

    peaks: dict[str, Peak]
    bot_peaks: dict[str, tuple[str, Decimal]]


async def owners(session: AsyncSession) -> set[str]:
    """Ids of users who have bots."""
    query = select(BotModel.owner_id).where(col(BotModel.deleted_at).is_(None)).distinct()
    return set((await session.exec(query)).all())


async def currencies(session: AsyncSession, user_ids: Collection[str]) -> dict[str, str]:
    """Reporting currency by user; users that do not exist are missing."""
    query = select(UserModel.id, UserModel.reporting_currency).where(col(UserModel.id).in_(user_ids))
    return dict((await session.exec(query)).all())


async def bots_of(session: AsyncSession, user_ids: Collection[str]) -> dict[str, list[BotRow]]:
    """Bots that are not deleted, by owner."""
    query = (
        select(BotModel, BotStatusModel)
        .join(BotStatusModel, col(BotStatusModel.bot_id) == col(BotModel.id), isouter=True)
        .where(col(BotModel.owner_id).in_(user_ids), col(BotModel.deleted_at).is_(None))
    )
    by_owner: dict[str, list[BotRow]] = defaultdict(list)
    for bot, status in (await session.exec(query)).all():
        by_owner[bot.owner_id].append((bot, status))
    return by_owner


async def standings(session: AsyncSession, user_ids: Collection[str]) -> dict[str, list[StandingRow]]:
    """Bots that are not deleted, by owner."""
    bot, status = BotModel, BotStatusModel
    slot = col(status.slot)
    pss = readable(slot, slot["memory", "pss_bytes"].as_float())
    columns = (
        bot.id, bot.owner_id, bot.name, bot.dry_run, bot.desired_state, bot.stake_currency, bot.starting_balance,
        bot.updated_at, status.observed_state, status.trader_state, status.snapshot_at, pss,
    )  # fmt: skip
    query = (
        select(*columns)  # type: ignore[call-overload]  # it knows only four
        .join(status, col(status.bot_id) == col(bot.id), isouter=True)
        .where(col(bot.owner_id).in_(user_ids), col(bot.deleted_at).is_(None))
    )
    by_owner: dict[str, list[StandingRow]] = defaultdict(list)
    for row in (await session.exec(query)).all():
        by_owner[row.owner_id].append(StandingRow(*row))
    return by_owner


async def snapshots(session: AsyncSession, bot_ids: Sequence[str]) -> dict[str, Mapping[str, Any] | None]:
    """As these bots told them last."""
    found: dict[str, Mapping[str, Any] | None] = {}
    for start in range(0, len(bot_ids), _CHUNK):
        query = select(BotStatusModel.bot_id, BotStatusModel.snapshot).where(
            col(BotStatusModel.bot_id).in_(bot_ids[start : start + _CHUNK])
        )
        found.update((await session.exec(query)).all())
    return found


async def wanted(session: AsyncSession, user_id: str) -> dict[str, datetime]:
    """When a user changed each of his bots that are not deleted."""
    query = select(BotModel.id, BotModel.updated_at).where(
        col(BotModel.owner_id) == user_id, col(BotModel.deleted_at).is_(None)
    )
    return dict((await session.exec(query)).all())


async def load_marks(session: AsyncSession, user_id: str, currency: str) -> Marks:
    peaks = await session.exec(
        select(PortfolioPeakModel).where(
            col(PortfolioPeakModel.user_id) == user_id, col(PortfolioPeakModel.currency) == currency
        )
    )
    bot_peaks = await session.exec(
        select(BotPeakModel)
        .join(BotModel, col(BotModel.id) == col(BotPeakModel.bot_id))
        .where(col(BotModel.owner_id) == user_id)
    )
    return Marks(
        {row.mode: Peak(row.peak, _members_of(row)) for row in peaks.all()},
        {row.bot_id: (row.currency, row.peak) for row in bot_peaks.all()},
    )


async def store_marks(session: AsyncSession, user_id: str, currency: str, marks: Marks, at: datetime) -> None:
    """Replaces what is kept of this currency, and drops what was kept in others: a change of the reporting currency
    starts anew. Bots that are gone meanwhile are left out."""
    await session.exec(
        delete(PortfolioPeakModel).where(
            col(PortfolioPeakModel.user_id) == user_id, col(PortfolioPeakModel.currency) != currency
        )
    )
    for mode, peak in marks.peaks.items():
        members = {
            name: {"profit": format(member.profit, "f"), "capital": format(member.capital, "f")}
            for name, member in peak.members.items()
        }
        await session.merge(
            PortfolioPeakModel(user_id=user_id, mode=mode, currency=currency, peak=peak.profit, members=members, at=at)
        )
    known = await _existing(session, sorted(marks.bot_peaks))
    query = select(BotPeakModel).where(col(BotPeakModel.bot_id).in_(known))
    kept = {row.bot_id: row for row in (await session.exec(query)).all()}
    for bot_id in sorted(known):
        own, highest = marks.bot_peaks[bot_id]
        row = kept.get(bot_id) or BotPeakModel(bot_id=bot_id, currency=own, peak=highest, at=at)
        if bot_id not in kept or (row.currency, row.peak) != (own, highest):
            row.currency, row.peak, row.at = own, highest, at
            session.add(row)


async def _existing(session: AsyncSession, bot_ids: Sequence[str]) -> set[str]:
    return set((await session.exec(select(BotModel.id).where(col(BotModel.id).in_(bot_ids)))).all())


def _members_of(row: PortfolioPeakModel) -> dict[str, Member]:
    return {
        name: Member(profit=Decimal(told["profit"]), capital=Decimal(told["capital"]))
        for name, told in row.members.items()
    }
