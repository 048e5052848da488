"""Queries on users and refresh tokens; no decisions here."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, func, or_, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.kit.pages import Page, decode_cursor, page_of
from orchestrator.users.models import RefreshTokenModel, UserModel


async def count(session: AsyncSession) -> int:
    """How many users there are, deactivated ones included."""
    return (await session.exec(select(func.count()).select_from(UserModel))).one()


async def some(session: AsyncSession, number: int) -> Sequence[UserModel]:
    """So many of all users at most, deactivated ones included."""
    return (await session.exec(select(UserModel).limit(number))).all()


async def find_by_id(session: AsyncSession, user_id: str, *, lock: bool = False) -> UserModel | None:
    """Locked it is as it is now, whatever the session read of it before."""
    return await session.get(UserModel, user_id, with_for_update=lock)


async def find_by_username(session: AsyncSession, username: str) -> UserModel | None:
    return (await session.exec(select(UserModel).where(UserModel.username == username))).first()


async def page(session: AsyncSession, limit: int, after: str | None, part: str = "") -> Page[UserModel]:
    """Users in the order of their names, those with `part` in them."""
    query = select(UserModel)
    if part:
        query = query.where(col(UserModel.username).contains(part, autoescape=True))
    if after is not None:
        (username,) = decode_cursor(after, [str])
        query = query.where(col(UserModel.username) > username)
    query = query.order_by(col(UserModel.username)).limit(limit + 1)
    return page_of((await session.exec(query)).all(), limit, lambda user: (user.username,))


async def lock_with_admins(session: AsyncSession, user_id: str) -> Sequence[UserModel]:
    """The user and every active administrator, as they are now, held in the order of their ids. Who refers to them
    by a foreign key meanwhile does not wait."""
    admins = and_(col(UserModel.role) == "admin", col(UserModel.deactivated_at).is_(None))
    query = (
        select(UserModel)
        .where(or_(col(UserModel.id) == user_id, admins))
        .order_by(col(UserModel.id))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return (await session.exec(query)).all()


async def names(session: AsyncSession, user_ids: Collection[str]) -> dict[str, str]:
    """User names by id, of those that exist."""
    query = select(UserModel.id, UserModel.username).where(col(UserModel.id).in_(list(user_ids)))
    return dict((await session.exec(query)).all())


async def find_refresh_token(session: AsyncSession, token_hash: str) -> RefreshTokenModel | None:
    """The token of that hash, locked until the unit of work ends where the database locks rows."""
    query = select(RefreshTokenModel).where(RefreshTokenModel.token_hash == token_hash).with_for_update()
    return (await session.exec(query)).first()


async def revoke_family(session: AsyncSession, family_id: str, at: datetime) -> None:
    await _revoke(session, at, col(RefreshTokenModel.family_id) == family_id)


async def revoke_of_user(session: AsyncSession, user_id: str, at: datetime, *, but: str | None = None) -> None:
    """Except those of one family."""
    which = and_(col(RefreshTokenModel.user_id) == user_id, col(RefreshTokenModel.family_id) != (but or ""))
    await _revoke(session, at, which)


async def delete_expired(session: AsyncSession, user_id: str, before: datetime) -> None:
    """Drops the user's tokens that expired earlier; an expired token is refused whether its row is there or not."""
    query = delete(RefreshTokenModel).where(
        col(RefreshTokenModel.user_id) == user_id, col(RefreshTokenModel.expires_at) < before
    )
    await session.exec(query)


async def _revoke(session: AsyncSession, at: datetime, which: Any) -> None:
    query = update(RefreshTokenModel).where(which, col(RefreshTokenModel.revoked_at).is_(None)).values(revoked_at=at)
    await session.exec(query)
