"""Personal API tokens: what programs sign in with.

`flt_` and 256 random bits, kept by SHA-256 alone. A token has scopes, may be bound to single bots, may expire, and
never reaches further than its user: role and activity are looked up at each use.
"""

import secrets
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, or_, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.audit import service as audit
from orchestrator.errors import Conflict, InvalidSpec, NotFound
from orchestrator.kit.clock import utc_now
from orchestrator.kit.ids import new_id
from orchestrator.users.models import ApiTokenModel, UserModel
from orchestrator.users.sessions import hash_of

PREFIX = "flt_"
SCOPES = ("read", "trade", "admin")
"""What a token may be good for; each contains those before it."""
MOST_PER_USER = 100
LONGEST = timedelta(days=3653)
_NOTED_EVERY = timedelta(seconds=60)


async def create(
    session: AsyncSession,
    user_id: str,
    name: str,
    scopes: Sequence[str],
    bot_ids: Sequence[str] | None,
    expires_at: datetime | None,
) -> tuple[ApiTokenModel, str]:
    """The row and the token itself, which nobody can be told again. Raises InvalidSpec, Conflict (too many)."""
    now = utc_now()
    if expires_at is not None and expires_at <= now:
        raise InvalidSpec("expires_at lies in the past; name a later time, or leave it out.", field="expires_at")
    if expires_at is not None and expires_at > now + LONGEST:
        raise InvalidSpec("expires_at lies more than ten years ahead; leave it out instead.", field="expires_at")
    if bot_ids is not None and "admin" in scopes:
        raise InvalidSpec("A token for single bots cannot administrate; leave the scope admin out.", field="scopes")
    query = select(func.count()).select_from(ApiTokenModel).where(_alive(user_id, now))
    if (await session.exec(query)).one() >= MOST_PER_USER:
        raise Conflict(f"You have {MOST_PER_USER} API tokens, which is the most; revoke one first.", field="name")
    token = PREFIX + secrets.token_urlsafe(32)
    row = ApiTokenModel(
        id=new_id("apitoken"),
        user_id=user_id,
        name=name,
        token_hash=hash_of(token),
        scopes=[scope for scope in SCOPES if scope in scopes],
        bot_ids=None if bot_ids is None else sorted(set(bot_ids)),
        created_at=now,
        expires_at=expires_at,
    )
    session.add(row)
    told = {"name": name, "scopes": row.scopes, "bots": row.bot_ids, "expires_at": expires_at}
    audit.record(session, user_id, "api_token.create", audit.user(user_id), after={"id": row.id, **told})
    await session.flush()
    return row, token


async def living(session: AsyncSession, user_id: str) -> Sequence[ApiTokenModel]:
    """The user's tokens that are neither revoked nor expired, newest first."""
    query = select(ApiTokenModel).where(_alive(user_id, utc_now())).order_by(col(ApiTokenModel.created_at).desc())
    return (await session.exec(query)).all()


async def revoke(session: AsyncSession, user_id: str, token_id: str, actor: str) -> None:
    """Raises NotFound."""
    row = await session.get(ApiTokenModel, token_id, with_for_update=True)
    if row is None or row.user_id != user_id or row.revoked_at is not None:
        raise NotFound("There is no such API token; list them to see which there are.", field="token_id")
    row.revoked_at = utc_now()
    session.add(row)
    audit.record(session, actor, "api_token.revoke", audit.user(user_id), before={"id": row.id, "name": row.name})
    await session.flush()


async def revoke_all(session: AsyncSession, user_id: str) -> None:
    """Every token of the user, as when somebody else may know them."""
    query = update(ApiTokenModel).where(col(ApiTokenModel.user_id) == user_id, col(ApiTokenModel.revoked_at).is_(None))
    await session.exec(query.values(revoked_at=utc_now()))


async def find(session: AsyncSession, token: str) -> tuple[ApiTokenModel, UserModel] | None:
    """The token, where it is alive and its user active."""
    query = (
        select(ApiTokenModel, UserModel)
        .join(UserModel, col(UserModel.id) == col(ApiTokenModel.user_id))
        .where(col(ApiTokenModel.token_hash) == hash_of(token), *_standing())
    )
    row = (await session.exec(query)).first()
    return None if row is None else (row[0], row[1])


async def standing(session: AsyncSession, token_ids: Collection[str]) -> dict[str, tuple[ApiTokenModel, UserModel]]:
    """Those that live, of users who are active, by id."""
    query = (
        select(ApiTokenModel, UserModel)
        .join(UserModel, col(UserModel.id) == col(ApiTokenModel.user_id))
        .where(col(ApiTokenModel.id).in_(list(token_ids)), *_standing())
    )
    return {row.id: (row, user) for row, user in (await session.exec(query)).all()}


def wants_note(row: ApiTokenModel) -> bool:
    """Whether its last use was noted long enough ago."""
    return row.last_used_at is None or utc_now() - row.last_used_at >= _NOTED_EVERY


async def note_use(session: AsyncSession, token_id: str, address: str) -> None:
    """It was used now, from there."""
    query = update(ApiTokenModel).where(col(ApiTokenModel.id) == token_id)
    await session.exec(query.values(last_used_at=utc_now(), last_used_address=address[:64]))


async def forget(session: AsyncSession, before: datetime) -> None:
    """Deletes those that expired or were revoked before then."""
    ended = or_(col(ApiTokenModel.expires_at) < before, col(ApiTokenModel.revoked_at) < before)
    await session.exec(delete(ApiTokenModel).where(ended))


def _alive(user_id: str, now: datetime) -> ColumnElement[bool]:
    return (
        (col(ApiTokenModel.user_id) == user_id)
        & col(ApiTokenModel.revoked_at).is_(None)
        & (col(ApiTokenModel.expires_at).is_(None) | (col(ApiTokenModel.expires_at) > now))
    )


def _standing() -> tuple[ColumnElement[bool], ...]:
    return (
        col(ApiTokenModel.revoked_at).is_(None),
        col(ApiTokenModel.expires_at).is_(None) | (col(ApiTokenModel.expires_at) > utc_now()),
        col(UserModel.deactivated_at).is_(None),
    )
