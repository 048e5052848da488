"""Queries on strategies. Sessions that carry a reach find what is within it; decides nothing."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import func, literal, tuple_
from sqlalchemy.orm import defer
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.db.types import UtcDateTime
from orchestrator.kit.pages import Page, decode_cursor, instant_of, page_of
from orchestrator.strategies.models import (
    StrategyContentModel,
    StrategyModel,
    StrategyShareModel,
    StrategyTagModel,
    StrategyVersionModel,
)
from pool.contract.slots import StrategySource

UNTOLD = StrategySource(class_name="Untold", source="")
"""In the place of a strategy that its owner does not show."""


@dataclass(frozen=True, slots=True)
class VersionView:
    """A version and what it names; the content's source is there only where it was asked for."""

    version: StrategyVersionModel
    content: StrategyContentModel
    tags: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class StrategyView:
    """A strategy with its newest version."""

    strategy: StrategyModel
    head: VersionView


async def find(session: AsyncSession, strategy_id: str, *, lock: bool = False) -> StrategyModel | None:
    """One that is not archived."""
    query = select(StrategyModel).where(col(StrategyModel.id) == strategy_id, col(StrategyModel.archived_at).is_(None))
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return (await session.exec(query)).first()


async def find_by_name(session: AsyncSession, owner_id: str, name: str) -> StrategyModel | None:
    query = select(StrategyModel).where(
        col(StrategyModel.owner_id) == owner_id,
        col(StrategyModel.name) == name,
        col(StrategyModel.archived_at).is_(None),
    )
    return (await session.exec(query)).first()


async def count(session: AsyncSession, owner_id: str) -> int:
    """How many a user has that are not archived."""
    query = select(func.count()).select_from(StrategyModel)
    query = query.where(col(StrategyModel.owner_id) == owner_id, col(StrategyModel.archived_at).is_(None))
    return (await session.exec(query)).one()


async def page(session: AsyncSession, limit: int, after: str | None, *, archived: bool = False) -> Page[StrategyView]:
    """Those that are not archived, or with those that are, in the order of their creation."""
    version, content = StrategyVersionModel, StrategyContentModel
    query = (
        select(StrategyModel, version, content)
        .join(
            version,
            (col(version.strategy_id) == col(StrategyModel.id)) & (col(version.number) == col(StrategyModel.head)),
        )
        .join(content, col(content.id) == col(version.content_id))
        .options(defer(content.source, raiseload=True))  # type: ignore[arg-type]
    )
    if not archived:
        query = query.where(col(StrategyModel.archived_at).is_(None))
    if after is not None:
        created_at, strategy_id = decode_cursor(after, [str, str])
        position = tuple_(literal(instant_of(created_at), UtcDateTime()), literal(strategy_id))
        query = query.where(tuple_(col(StrategyModel.created_at), col(StrategyModel.id)) > position)
    query = query.order_by(col(StrategyModel.created_at), col(StrategyModel.id)).limit(limit + 1)
    rows = (await session.exec(query)).all()
    tags = await _tags(session, [strategy.id for strategy, _, _ in rows])
    views = [
        StrategyView(strategy, VersionView(found, named, tags.get((strategy.id, found.number), ())))
        for strategy, found, named in rows
    ]
    return page_of(views, limit, lambda view: (view.strategy.created_at.isoformat(), view.strategy.id))


async def version(session: AsyncSession, strategy_id: str, number: int, *, source: bool = False) -> VersionView | None:
    """One version; its source only where asked for."""
    query = _versions(strategy_id, source).where(col(StrategyVersionModel.number) == number)
    row = (await session.exec(query)).first()
    if row is None:
        return None
    tags = await _tags(session, [strategy_id])
    return VersionView(row[0], row[1], tags.get((strategy_id, number), ()))


async def versions(session: AsyncSession, strategy_id: str, limit: int, after: str | None) -> Page[VersionView]:
    """Newest first."""
    query = _versions(strategy_id, False)
    if after is not None:
        (number,) = decode_cursor(after, [int])
        query = query.where(col(StrategyVersionModel.number) < number)
    rows = (await session.exec(query.order_by(col(StrategyVersionModel.number).desc()).limit(limit + 1))).all()
    tags = await _tags(session, [strategy_id])
    views = [VersionView(found, named, tags.get((strategy_id, found.number), ())) for found, named in rows]
    return page_of(views, limit, lambda view: (view.version.number,))


async def sources(session: AsyncSession, version_ids: Collection[str]) -> dict[str, StrategySource]:
    """What these versions name, by version."""
    query = (
        select(StrategyVersionModel.id, StrategyContentModel.class_name, StrategyContentModel.source)
        .join(StrategyContentModel, col(StrategyContentModel.id) == col(StrategyVersionModel.content_id))
        .where(col(StrategyVersionModel.id).in_(list(version_ids)))
    )
    rows = (await session.exec(query)).all()
    return {version_id: StrategySource(class_name=name, source=source) for version_id, name, source in rows}


async def source_of(session: AsyncSession, version_id: str | None) -> StrategySource | None:
    """The same of one; `UNTOLD` where the session does not reach it, None for none."""
    return None if version_id is None else (await sources(session, [version_id])).get(version_id, UNTOLD)


async def timeframes(session: AsyncSession, version_ids: Collection[str]) -> dict[str, str]:
    """What these versions say that they trade on, by version; of those that were loaded."""
    query = (
        select(StrategyVersionModel.id, StrategyContentModel.facts)
        .join(StrategyContentModel, col(StrategyContentModel.id) == col(StrategyVersionModel.content_id))
        .where(col(StrategyVersionModel.id).in_(list(version_ids)))
    )
    rows = (await session.exec(query)).all()
    return {version_id: facts["timeframe"] for version_id, facts in rows if facts and facts.get("timeframe")}


async def content(session: AsyncSession, strategy_id: str, sha256: str, class_name: str) -> StrategyContentModel | None:
    query = select(StrategyContentModel).where(
        col(StrategyContentModel.strategy_id) == strategy_id,
        col(StrategyContentModel.sha256) == sha256,
        col(StrategyContentModel.class_name) == class_name,
    )
    return (await session.exec(query)).first()


async def tagged(session: AsyncSession, strategy_id: str, name: str) -> StrategyTagModel | None:
    query = select(StrategyTagModel).where(
        col(StrategyTagModel.strategy_id) == strategy_id, col(StrategyTagModel.name) == name
    )
    return (await session.exec(query)).first()


async def tags_of(session: AsyncSession, strategy_id: str) -> Sequence[StrategyTagModel]:
    """By name."""
    query = select(StrategyTagModel).where(col(StrategyTagModel.strategy_id) == strategy_id)
    return (await session.exec(query.order_by(col(StrategyTagModel.name)))).all()


async def shares(session: AsyncSession, strategy_id: str) -> Sequence[StrategyShareModel]:
    """Oldest first."""
    query = select(StrategyShareModel).where(col(StrategyShareModel.strategy_id) == strategy_id)
    order = (col(StrategyShareModel.created_at), col(StrategyShareModel.user_id))
    return (await session.exec(query.order_by(*order))).all()


async def waiting(
    session: AsyncSession, limit: int, but: Collection[str] = (), but_of: Collection[str] = ()
) -> list[tuple[str, str]]:
    """Contents whose check waits, with their owners: one of each owner, that which waited longest since it was tried,
    and the longest waiting of these first. Without the contents `but`, and without these owners'."""
    content = StrategyContentModel
    turn = func.row_number().over(
        partition_by=col(StrategyModel.owner_id), order_by=(col(content.asked_at), col(content.id))
    )
    all_of_them = (
        select(col(content.id).label("id"), col(StrategyModel.owner_id), col(content.asked_at), turn.label("turn"))
        .join(StrategyModel, col(StrategyModel.id) == col(content.strategy_id))
        .where(
            col(content.check_state) == "waiting",
            col(StrategyModel.archived_at).is_(None),
            col(content.id).not_in(list(but)),
            col(StrategyModel.owner_id).not_in(list(but_of)),
        )
        .subquery()
    )
    found = all_of_them.c
    query = select(found.id, found.owner_id).where(found.turn == 1).order_by(found.asked_at, found.id).limit(limit)
    return [(content_id, owner_id) for content_id, owner_id in (await session.exec(query)).all()]


async def content_to_check(session: AsyncSession, content_id: str) -> StrategyContentModel | None:
    """With its source; None where its check does not wait any more."""
    query = select(StrategyContentModel).where(
        col(StrategyContentModel.id) == content_id, col(StrategyContentModel.check_state) == "waiting"
    )
    return (await session.exec(query)).first()


def _versions(strategy_id: str, source: bool):  # type: ignore[no-untyped-def]
    query = (
        select(StrategyVersionModel, StrategyContentModel)
        .join(StrategyContentModel, col(StrategyContentModel.id) == col(StrategyVersionModel.content_id))
        .where(col(StrategyVersionModel.strategy_id) == strategy_id)
    )
    return query if source else query.options(defer(StrategyContentModel.source, raiseload=True))  # type: ignore[arg-type]


async def _tags(session: AsyncSession, strategy_ids: Sequence[str]) -> dict[tuple[str, int], list[str]]:
    query = select(StrategyTagModel).where(col(StrategyTagModel.strategy_id).in_(list(strategy_ids)))
    found: dict[tuple[str, int], list[str]] = {}
    for tag in (await session.exec(query.order_by(col(StrategyTagModel.name)))).all():
        found.setdefault((tag.strategy_id, tag.number), []).append(tag.name)
    return found
