"""Users, sign-in and refresh tokens.

A sign-in starts a family of refresh tokens. Each refresh spends one token and issues the next. A spent token shown
again within a short grace is taken for two tabs that refreshed at once, or for an answer that got lost, and gets a
sibling; later it is taken for theft and the whole family is revoked. Only hashes of tokens are kept.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.errors import Unauthenticated
from orchestrator.kit.clock import utc_now
from orchestrator.kit.ids import new_id
from orchestrator.users import repository
from orchestrator.users.models import RefreshTokenModel, UserModel
from orchestrator.users.passwords import Passwords

ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class TokenPolicy:
    """How long refresh tokens live, and how long a spent one is still taken for a concurrent refresh."""

    lifetime: timedelta = timedelta(days=30)
    grace: timedelta = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Issued:
    """A fresh refresh token. `token` is the secret itself, known to nobody but its bearer from here on."""

    user: UserModel
    family_id: str
    token: str
    expires_at: datetime


class Refusal(StrEnum):
    """Why a refresh token was refused. The caller must commit also then: reuse revokes the family."""

    UNKNOWN = "unknown"
    EXPIRED = "expired"
    REVOKED = "revoked"
    REUSED = "reused"
    USER_DEACTIVATED = "user_deactivated"


async def create_first_admin(
    session: AsyncSession, passwords: Passwords, password: str, *, username: str = "admin"
) -> UserModel | None:
    """Creates the admin where there is no user at all; None where there is one. Writes `users`."""
    if await repository.count(session):
        return None
    user = UserModel(
        id=new_id("user"),
        username=username,
        password_hash=await passwords.hash(password),
        role=ADMIN,
        created_at=utc_now(),
    )
    session.add(user)
    await session.flush()
    return user


async def authenticate(session: AsyncSession, passwords: Passwords, username: str, password: str) -> UserModel:
    """The user of that name and password. Takes as long for unknown names. Raises Unauthenticated."""
    user = await repository.find_by_username(session, username)
    if user is not None and user.deactivated_at is not None:
        user = None
    matched = await passwords.matches(password, user.password_hash if user else None)
    if user is None or not matched:
        raise Unauthenticated("User name or password is wrong; check both and sign in again.")
    return user


async def get(session: AsyncSession, user_id: str) -> UserModel:
    """An active user. Raises Unauthenticated: the only caller is somebody who claims to be that user."""
    user = await repository.find_by_id(session, user_id)
    if user is None or user.deactivated_at is not None:
        raise Unauthenticated("This account is not active any more; sign in with another one.")
    return user


async def start_session(session: AsyncSession, user: UserModel, policy: TokenPolicy) -> Issued:
    """First refresh token of a new family, after a sign-in."""
    now = utc_now()
    await repository.delete_expired(session, user.id, now)
    return await _issue(session, user, new_id("family"), now, policy)


async def rotate(session: AsyncSession, token: str, policy: TokenPolicy) -> Issued | Refusal:
    """Spends the token and issues the next of its family. Never raises for a bad token, so that what a reuse revokes is
    committed: see `Refusal`."""
    now = utc_now()
    row = await repository.find_refresh_token(session, _hash(token))
    if row is None:
        return Refusal.UNKNOWN
    if row.revoked_at is not None:
        return Refusal.REVOKED
    if row.expires_at <= now:
        return Refusal.EXPIRED
    if row.spent_at is not None and now - row.spent_at > policy.grace:
        await repository.revoke_family(session, row.family_id, now)
        return Refusal.REUSED
    user = await repository.find_by_id(session, row.user_id)
    if user is None or user.deactivated_at is not None:
        return Refusal.USER_DEACTIVATED
    if row.spent_at is None:
        row.spent_at = now
        session.add(row)
    return await _issue(session, user, row.family_id, now, policy)


async def end_session(session: AsyncSession, token: str) -> None:
    """Revokes the family of the token; unknown tokens are ignored."""
    row = await repository.find_refresh_token(session, _hash(token))
    if row is not None:
        await repository.revoke_family(session, row.family_id, utc_now())


async def end_all_sessions(session: AsyncSession, user_id: str) -> None:
    """Revokes every refresh token of the user."""
    await repository.revoke_of_user(session, user_id, utc_now())


async def _issue(session: AsyncSession, user: UserModel, family_id: str, now: datetime, policy: TokenPolicy) -> Issued:
    token = secrets.token_urlsafe(32)
    row = RefreshTokenModel(
        id=new_id("token"),
        user_id=user.id,
        family_id=family_id,
        token_hash=_hash(token),
        issued_at=now,
        expires_at=now + policy.lifetime,
    )
    session.add(row)
    await session.flush()
    return Issued(user=user, family_id=family_id, token=token, expires_at=row.expires_at)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
