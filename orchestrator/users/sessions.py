"""Sign-ins: sessions and their refresh tokens.

A sign-in is a session and a family of refresh tokens. Each refresh spends one token and issues the next. A spent token
shown again within a short grace is taken for two tabs that refreshed at once, or for an answer that got lost, and gets
a sibling; later it is taken for theft and the whole session is ended. Only hashes of tokens are kept.
"""

import hashlib
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, delete, or_, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.audit import service as audit
from orchestrator.errors import NotFound
from orchestrator.kit.clock import utc_now
from orchestrator.kit.ids import new_id
from orchestrator.users import repository
from orchestrator.users.models import RefreshTokenModel, SessionModel, UserModel

PASSWORD = "password"  # noqa: S105 - a way of signing in
MOST = 200
"""Sessions of one user; whoever signs in once more ends the oldest."""
_MOST_PLACES = 500
SIGNED_OUT = "logout"
_TOO_MANY = "too many"
_REUSED = "reuse"
_TRUSTED_ENDS = frozenset({SIGNED_OUT, _TOO_MANY})
_AGENT_LENGTH = 200
_ADDRESS_LENGTH = 64


@dataclass(frozen=True, slots=True)
class TokenPolicy:
    """How long refresh tokens live, and how long a spent one is still taken for a concurrent refresh."""

    lifetime: timedelta = timedelta(days=30)
    grace: timedelta = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a sign-in comes from, and how it was made."""

    method: str = PASSWORD
    second_factor: str | None = None
    address: str = ""
    user_agent: str = ""


@dataclass(frozen=True, slots=True)
class Issued:
    """A fresh refresh token. `token` is the secret itself, known to nobody but its bearer from here on."""

    user: UserModel
    session_id: str
    token: str
    expires_at: datetime


class Refusal(StrEnum):
    """Why a refresh token was refused. The caller must commit also then: reuse ends the session."""

    UNKNOWN = "unknown"
    EXPIRED = "expired"
    REVOKED = "revoked"
    REUSED = "reused"
    USER_DEACTIVATED = "user_deactivated"


@dataclass(frozen=True, slots=True)
class Reused:
    """Which session a reused token ended."""

    user_id: str
    session_id: str


async def start(session: AsyncSession, user: UserModel, policy: TokenPolicy, origin: Origin) -> Issued:
    """A new session with its first refresh token, after a sign-in. What expired of the user is dropped, and the oldest
    session ends where there would be more than `MOST`."""
    now = utc_now()
    await repository.delete_expired(session, user.id, now)
    await _make_room(session, user.id, now)
    row = SessionModel(
        id=new_id("session"),
        user_id=user.id,
        method=origin.method,
        second_factor=origin.second_factor,
        address=origin.address[:_ADDRESS_LENGTH],
        user_agent=printable(origin.user_agent),
        created_at=now,
        last_used_at=now,
        expires_at=now + policy.lifetime,
        proved_at=now,
    )
    session.add(row)
    await session.flush()
    return await _issue(session, user, row.id, now, policy)


async def rotate(
    session: AsyncSession, token: str, policy: TokenPolicy, address: str = ""
) -> Issued | Refusal | Reused:
    """Spends the token and issues the next of its session. Never raises for a bad token, so that what a reuse ends is
    committed: see `Refusal`."""
    now = utc_now()
    token_row = await repository.find_refresh_token(session, hash_of(token))
    if token_row is None:
        return Refusal.UNKNOWN
    row = await session.get(SessionModel, token_row.family_id, with_for_update=True)
    if row is None or row.revoked_at is not None or token_row.revoked_at is not None:
        return Refusal.REVOKED
    if token_row.expires_at <= now:
        return Refusal.EXPIRED
    if token_row.spent_at is not None and now - token_row.spent_at > policy.grace:
        await end(session, row.id, _REUSED)
        return Reused(row.user_id, row.id)
    user = await repository.find_by_id(session, row.user_id)
    if user is None or user.deactivated_at is not None:
        return Refusal.USER_DEACTIVATED
    if token_row.spent_at is None:
        token_row.spent_at = now
        session.add(token_row)
    row.last_used_at, row.expires_at = now, now + policy.lifetime
    row.address = address[:_ADDRESS_LENGTH] or row.address
    session.add(row)
    return await _issue(session, user, row.id, now, policy)


async def of_token(session: AsyncSession, token: str) -> SessionModel | None:
    """The session of a refresh token, whatever its state."""
    token_row = await repository.find_refresh_token(session, hash_of(token))
    return None if token_row is None else await session.get(SessionModel, token_row.family_id)


async def end(session: AsyncSession, session_id: str, why: str) -> None:
    """Revokes the session and every refresh token of it; once more changes nothing."""
    now = utc_now()
    await repository.revoke_family(session, session_id, now)
    await session.exec(
        update(SessionModel)
        .where(col(SessionModel.id) == session_id, col(SessionModel.revoked_at).is_(None))
        .values(revoked_at=now, revoked_why=why)
    )


async def end_all(session: AsyncSession, user_id: str, why: str, *, but: str | None = None) -> list[str]:
    """Revokes every session of the user that lives, except one, and all their refresh tokens. Answers their ids."""
    now = utc_now()
    which = and_(_lives(user_id, now), col(SessionModel.id) != (but or ""))
    found = list((await session.exec(select(SessionModel.id).where(which))).all())
    await repository.revoke_of_user(session, user_id, now, but=but)
    await session.exec(update(SessionModel).where(which).values(revoked_at=now, revoked_why=why))
    return found


async def living(session: AsyncSession, user_id: str) -> Sequence[SessionModel]:
    """Sessions that are neither revoked nor expired, newest first."""
    query = (
        select(SessionModel)
        .where(_lives(user_id, utc_now()))
        .order_by(col(SessionModel.created_at).desc(), col(SessionModel.id))
        .limit(MOST)
    )
    return (await session.exec(query)).all()


async def addresses(session: AsyncSession, user_id: str) -> set[str]:
    """Where the user is signed in, or was until he signed out there himself: where a session was ended from elsewhere,
    whether by him, an administrator or a change of his password, a thief may have been."""
    ended = select(SessionModel.address, SessionModel.revoked_why).where(
        col(SessionModel.user_id) == user_id, col(SessionModel.revoked_at).is_not(None)
    )
    newest_first = ended.order_by(col(SessionModel.revoked_at).desc(), col(SessionModel.id)).limit(_MOST_PLACES)
    last: dict[str, str | None] = {}
    for address, why in (await session.exec(newest_first)).all():
        last.setdefault(address, why)
    now = (await session.exec(select(SessionModel.address).where(_lives(user_id, utc_now())))).all()
    return {address for address, why in last.items() if why in _TRUSTED_ENDS} | set(now)


async def of_user(session: AsyncSession, user_id: str, session_id: str) -> SessionModel:
    """A session of that user that lives. Raises NotFound."""
    row = await session.get(SessionModel, session_id)
    if row is None or row.user_id != user_id or row.revoked_at is not None or row.expires_at <= utc_now():
        raise NotFound("There is no such session; list the sessions to see which there are.", field="session_id")
    return row


async def prove(session: AsyncSession, session_id: str) -> datetime:
    """Its user proved again who he is."""
    now = utc_now()
    await session.exec(update(SessionModel).where(col(SessionModel.id) == session_id).values(proved_at=now))
    return now


async def standing(session: AsyncSession, session_ids: Collection[str]) -> dict[str, tuple[SessionModel, UserModel]]:
    """Those that live, of users who are active, by id."""
    query = (
        select(SessionModel, UserModel)
        .join(UserModel, col(UserModel.id) == col(SessionModel.user_id))
        .where(
            col(SessionModel.id).in_(list(session_ids)),
            col(SessionModel.revoked_at).is_(None),
            col(SessionModel.expires_at) > utc_now(),
            col(UserModel.deactivated_at).is_(None),
        )
    )
    return {row.id: (row, user) for row, user in (await session.exec(query)).all()}


async def forget(session: AsyncSession, before: datetime) -> None:
    """Deletes those that expired or were revoked before then."""
    ended = or_(col(SessionModel.expires_at) < before, col(SessionModel.revoked_at) < before)
    await session.exec(delete(SessionModel).where(ended))


def hash_of(token: str) -> str:
    """SHA-256 of a secret that has 256 bits of its own, in hexadecimal: nothing slower is needed."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()


def printable(text: str) -> str:
    """What a client says of itself, as it may be shown."""
    return "".join(letter for letter in text if letter.isprintable())[:_AGENT_LENGTH]


def _lives(user_id: str, now: datetime) -> ColumnElement[bool]:
    return and_(
        col(SessionModel.user_id) == user_id,
        col(SessionModel.revoked_at).is_(None),
        col(SessionModel.expires_at) > now,
    )


async def _make_room(session: AsyncSession, user_id: str, now: datetime) -> None:
    newest_first = (col(SessionModel.created_at).desc(), col(SessionModel.id))
    query = select(SessionModel.id).where(_lives(user_id, now)).order_by(*newest_first).offset(MOST - 1)
    for session_id in (await session.exec(query)).all():
        await end(session, session_id, _TOO_MANY)
        why = f"There were {MOST} of them."
        audit.record(session, audit.SYSTEM, "session.end", audit.user(user_id), why, after={"id": session_id})


async def _issue(session: AsyncSession, user: UserModel, session_id: str, now: datetime, policy: TokenPolicy) -> Issued:
    token = secrets.token_urlsafe(32)
    row = RefreshTokenModel(
        id=new_id("token"),
        user_id=user.id,
        family_id=session_id,
        token_hash=hash_of(token),
        issued_at=now,
        expires_at=now + policy.lifetime,
    )
    session.add(row)
    await session.flush()
    return Issued(user=user, session_id=session_id, token=token, expires_at=row.expires_at)
