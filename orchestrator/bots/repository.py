"""Queries on bots. Answers rows; decides nothing.

Rows that are locked are read anew: those that the session has from before tell what was before the lock was waited for.
A bot's lock does not hold up those who only refer to it (`key_share`).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Float, Text, case, cast, func, literal, null, tuple_
from sqlalchemy.orm import defer
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.bots.models import BotEventModel, BotModel, BotStatusModel, IdempotencyModel
from orchestrator.db.types import UtcDateTime
from orchestrator.kit.pages import Page, decode_cursor, instant_of, page_of
from orchestrator.users.models import UserModel

_NO_SNAPSHOT = defer(BotStatusModel.snapshot, raiseload=True)  # type: ignore[arg-type]
EventIdentity = tuple[str, str, str, int]
"""bot_id, run_id, origin, seq."""


@dataclass(frozen=True, slots=True)
class BotView:
    """A bot as wanted, and as seen."""

    bot: BotModel
    status: BotStatusModel


@dataclass(frozen=True, slots=True)
class BotFilters:
    """What a list of bots is narrowed to; None means any."""

    name: str | None = None
    """Part of the name, whatever its case."""
    template: str | None = None
    desired_state: str | None = None
    observed_state: str | None = None
    pool: str | None = None


async def find(session: AsyncSession, bot_id: str, owner_id: str | None, *, lock: bool = False) -> BotView | None:
    """A bot that is not deleted yet, of this owner (None: of any)."""
    query = (
        select(BotModel, BotStatusModel)
        .join(BotStatusModel, col(BotStatusModel.bot_id) == col(BotModel.id))
        .where(col(BotModel.id) == bot_id, col(BotModel.deleted_at).is_(None))
    )
    if owner_id is not None:
        query = query.where(col(BotModel.owner_id) == owner_id)
    if lock:
        query = query.with_for_update(of=BotModel, key_share=True).execution_options(populate_existing=True)
    row = (await session.exec(query)).first()
    return None if row is None else BotView(row[0], row[1])


async def living(session: AsyncSession, bot_ids: Collection[str]) -> set[str]:
    """Of these, those that are not deleted yet."""
    query = select(BotModel.id).where(col(BotModel.id).in_(list(bot_ids)), col(BotModel.deleted_at).is_(None))
    return set((await session.exec(query)).all()) if bot_ids else set()


async def count_running(session: AsyncSession, owner_id: str) -> int:
    """How many bots of the owner shall run."""
    query = select(func.count()).select_from(BotModel)
    query = query.where(
        col(BotModel.owner_id) == owner_id, col(BotModel.desired_state) == "running", col(BotModel.deleted_at).is_(None)
    )
    return (await session.exec(query)).one()


async def find_by_name(session: AsyncSession, owner_id: str, name: str) -> BotModel | None:
    query = select(BotModel).where(col(BotModel.owner_id) == owner_id, col(BotModel.name) == name)
    return (await session.exec(query)).first()


async def page(
    session: AsyncSession,
    owner_id: str | None,
    limit: int,
    after: str | None,
    filters: BotFilters,
    *,
    snapshots: bool = True,
) -> Page[BotView]:
    """Bots in the order of their creation; `snapshots` as `in_pools` has it."""
    query = (
        select(BotModel, BotStatusModel)
        .join(BotStatusModel, col(BotStatusModel.bot_id) == col(BotModel.id))
        .where(col(BotModel.deleted_at).is_(None))
    )
    if not snapshots:
        query = query.options(_NO_SNAPSHOT)
    if owner_id is not None:
        query = query.where(col(BotModel.owner_id) == owner_id)
    if filters.name:
        query = query.where(col(BotModel.name).icontains(filters.name, autoescape=True))
    for column, wanted in (
        (col(BotModel.template), filters.template),
        (col(BotModel.desired_state), filters.desired_state),
        (col(BotStatusModel.observed_state), filters.observed_state),
        (col(BotModel.pool_id), filters.pool),
    ):
        if wanted is not None:
            query = query.where(column == wanted)
    if after is not None:
        created_at, bot_id = _position(after)
        position = tuple_(literal(created_at, UtcDateTime()), literal(bot_id))
        query = query.where(tuple_(col(BotModel.created_at), col(BotModel.id)) > position)  # an index finds its place
    query = query.order_by(col(BotModel.created_at), col(BotModel.id)).limit(limit + 1)
    rows = [BotView(bot, status) for bot, status in (await session.exec(query)).all()]
    return page_of(rows, limit, lambda view: (view.bot.created_at.isoformat(), view.bot.id))


async def events_page(
    session: AsyncSession, bot_id: str, limit: int, after: str | None, types: Collection[str] | None
) -> Page[BotEventModel]:
    """Events of a bot, newest first."""
    query = select(BotEventModel).where(col(BotEventModel.bot_id) == bot_id)
    if types is not None:
        query = query.where(col(BotEventModel.type).in_(list(types)))
    if after is not None:
        (number,) = decode_cursor(after, [int])
        query = query.where(col(BotEventModel.number) < number)
    query = query.order_by(col(BotEventModel.number).desc()).limit(limit + 1)
    rows = (await session.exec(query)).all()
    return page_of(rows, limit, lambda event: (event.number or 0,))


async def in_pools(session: AsyncSession, pool_ids: Collection[str], *, snapshots: bool = True) -> list[BotView]:
    """Every bot of these pools that is not deleted yet, by id. Snapshots are large: without them theirs must not be
    read."""
    query = (
        select(BotModel, BotStatusModel)
        .join(BotStatusModel, col(BotStatusModel.bot_id) == col(BotModel.id))
        .where(col(BotModel.pool_id).in_(list(pool_ids)), col(BotModel.deleted_at).is_(None))
        .order_by(col(BotModel.id))
    )
    if not snapshots:
        query = query.options(_NO_SNAPSHOT)
    return [BotView(bot, status) for bot, status in (await session.exec(query)).all()]


def readable(document: Any, value: Any) -> Any:
    """What is read out of a document: NULL where it has a NUL anywhere in it, as a bot's last words may. PostgreSQL
    reads nothing out of such a one, and fails."""
    return case((cast(document, Text).contains("u0000"), null()), else_=value)


@dataclass(frozen=True, slots=True)
class PoolUse:
    """What was told of the bots of a pool together."""

    slots: int = 0
    """Bots of which something was told."""
    restarts: int = 0
    cpu_percent: float | None = None
    """Of one core; None where no process was measured."""


async def use_of_pools(session: AsyncSession, pool_ids: Collection[str]) -> dict[str, PoolUse]:
    """By pool, of bots that are not deleted yet. The database adds up: three numbers of all bots' slots. Those of one
    that it cannot read are left out, see `readable`."""
    slot: Any = BotStatusModel.slot
    restarts = readable(slot, slot["restarts"].as_integer())
    running = readable(slot, slot["pid"].as_integer()).is_not(None)
    cpu = case((running, readable(slot, cast(slot["cpu_percent"].as_string(), Float))))
    told = case((cast(slot, Text) != "null", 1))
    query = (
        select(BotModel.pool_id, func.count(told), func.sum(restarts), func.sum(cpu))
        .join(BotStatusModel, col(BotStatusModel.bot_id) == col(BotModel.id))
        .where(col(BotModel.pool_id).in_(list(pool_ids)), col(BotModel.deleted_at).is_(None))
        .group_by(col(BotModel.pool_id))
    )
    rows = (await session.exec(query)).all()
    found = {str(pool_id): PoolUse(slots, restarts or 0, cpu) for pool_id, slots, restarts, cpu in rows}
    return {pool_id: found.get(pool_id, PoolUse()) for pool_id in pool_ids}


async def statuses(session: AsyncSession, bot_ids: Collection[str]) -> Sequence[tuple[BotModel, BotStatusModel]]:
    """Rows of these bots that exist, deleted ones included, locked for writing and in the order of their ids."""
    query = (
        select(BotModel, BotStatusModel)
        .join(BotStatusModel, col(BotStatusModel.bot_id) == col(BotModel.id))
        .where(col(BotModel.id).in_(list(bot_ids)))
        .order_by(col(BotModel.id))
        .with_for_update(of=BotStatusModel)
        .execution_options(populate_existing=True)
    )
    return (await session.exec(query)).all()


@dataclass(frozen=True, slots=True)
class DesiredRow:
    """What the reconciler reads of a bot that is not deleted yet."""

    bot: BotModel
    observed_state: str
    restart_done: int
    conditions: list[dict[str, Any]]
    slot: dict[str, Any] | None
    reporting_currency: str
    reported: bool
    """It did at least once."""


async def desired(session: AsyncSession, bot_ids: Collection[str] | None = None) -> list[DesiredRow]:
    """All bots (or of these all) whose deletion was not carried out yet, by id."""
    query = (
        select(BotModel, BotStatusModel, UserModel.reporting_currency)
        .join(BotStatusModel, col(BotStatusModel.bot_id) == col(BotModel.id))
        .join(UserModel, col(UserModel.id) == col(BotModel.owner_id))
        .where(col(BotModel.deleted_at).is_(None))
        .order_by(col(BotModel.id))
        .options(_NO_SNAPSHOT)
    )
    if bot_ids is not None:
        query = query.where(col(BotModel.id).in_(list(bot_ids)))
    return [
        DesiredRow(
            bot,
            status.observed_state,
            status.restart_done,
            status.conditions,
            status.slot,
            currency,
            status.snapshot_at is not None,
        )
        for bot, status, currency in (await session.exec(query)).all()
    ]


async def epochs_of_deleted(session: AsyncSession, bot_ids: Collection[str]) -> dict[str, int]:
    """Of these bots, those whose deletion was carried out, with the epoch of their last assignment."""
    query = select(BotModel.id, BotModel.epoch).where(
        col(BotModel.id).in_(list(bot_ids)), col(BotModel.deleted_at).is_not(None)
    )
    return dict((await session.exec(query)).all())


@dataclass(frozen=True, slots=True)
class Owned:
    """Whose bot it is, what it is called, whether it trades with paper money, and the pool that it is assigned to."""

    owner_id: str
    name: str
    dry_run: bool
    pool_id: str | None


async def owners(session: AsyncSession, bot_ids: Collection[str]) -> dict[str, Owned]:
    """Of these bots, those that exist, deleted ones included."""
    model = BotModel
    columns = (model.id, model.owner_id, model.name, model.dry_run, model.pool_id)
    query = select(*columns).where(col(model.id).in_(list(bot_ids)))  # type: ignore[call-overload]  # it knows only four
    rows = (await session.exec(query)).all()
    return {bot_id: Owned(*told) for bot_id, *told in rows}


async def locked(session: AsyncSession, bot_ids: Collection[str]) -> list[BotModel]:
    """The rows of these bots, locked for writing, by id."""
    query = (
        select(BotModel)
        .where(col(BotModel.id).in_(list(bot_ids)))
        .order_by(col(BotModel.id))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return list((await session.exec(query)).all())


async def known_events(session: AsyncSession, identities: Collection[EventIdentity]) -> set[EventIdentity]:
    """Of these (bot, run, origin, seq), those that are stored already."""
    model = BotEventModel
    columns = (col(model.bot_id), col(model.run_id), col(model.origin), col(model.seq))
    query = select(model.bot_id, model.run_id, model.origin, model.seq).where(tuple_(*columns).in_(list(identities)))
    return set((await session.exec(query)).all())


async def idempotency(session: AsyncSession, owner_id: str, key: str, since: datetime) -> IdempotencyModel | None:
    query = select(IdempotencyModel).where(
        col(IdempotencyModel.owner_id) == owner_id,
        col(IdempotencyModel.key) == key,
        col(IdempotencyModel.created_at) >= since,
    )
    return (await session.exec(query)).first()


def _position(cursor: str) -> tuple[datetime, str]:
    created_at, bot_id = decode_cursor(cursor, [str, str])
    return instant_of(created_at), bot_id
