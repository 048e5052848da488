"""Queries on versions of policies; no decisions here."""

from collections.abc import Collection, Sequence

from sqlalchemy import exists
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.kit.pages import Page, decode_cursor, page_of
from orchestrator.policies.models import PolicyVersionModel

_LATER = aliased(PolicyVersionModel)
_HEADS = select(PolicyVersionModel.subject, PolicyVersionModel.number).where(
    ~exists().where(
        col(_LATER.subject) == col(PolicyVersionModel.subject),
        col(_LATER.version) == col(PolicyVersionModel.version) + 1,
    )
)
"""Made once: it is asked some three times a second."""


async def latest(session: AsyncSession, subject: str) -> PolicyVersionModel | None:
    query = (
        select(PolicyVersionModel)
        .where(col(PolicyVersionModel.subject) == subject)
        .order_by(col(PolicyVersionModel.version).desc())
        .limit(1)
    )
    return (await session.exec(query)).first()


async def find(session: AsyncSession, subject: str, version: int) -> PolicyVersionModel | None:
    query = select(PolicyVersionModel).where(
        col(PolicyVersionModel.subject) == subject, col(PolicyVersionModel.version) == version
    )
    return (await session.exec(query)).first()


async def page(session: AsyncSession, subject: str, limit: int, after: str | None) -> Page[PolicyVersionModel]:
    """Newest first."""
    query = select(PolicyVersionModel).where(col(PolicyVersionModel.subject) == subject)
    if after is not None:
        (version,) = decode_cursor(after, [int])
        query = query.where(col(PolicyVersionModel.version) < version)
    query = query.order_by(col(PolicyVersionModel.version).desc()).limit(limit + 1)
    return page_of((await session.exec(query)).all(), limit, lambda row: (row.version,))


async def heads(session: AsyncSession, subjects: Collection[str] | None = None) -> dict[str, int]:
    """The number of each subject's latest version, of these subjects (None: of all); those without any are absent."""
    query = _HEADS
    if subjects is not None:
        query = query.where(col(PolicyVersionModel.subject).in_(list(subjects)))
    return {subject: number or 0 for subject, number in (await session.exec(query)).all()}


async def rows(session: AsyncSession, numbers: Collection[int]) -> Sequence[PolicyVersionModel]:
    query = select(PolicyVersionModel).where(col(PolicyVersionModel.number).in_(list(numbers)))
    return (await session.exec(query)).all()
