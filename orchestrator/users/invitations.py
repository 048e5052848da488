"""Invitations: somebody makes himself an account, once, by a token that an administrator gives him.

`inv_` and 256 random bits, kept by SHA-256 alone, good for one account until it expires or is revoked, and only while
who gave it is an active administrator.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.audit import service as audit
from orchestrator.audit.service import By
from orchestrator.errors import InvalidSpec, NotFound
from orchestrator.kit.clock import utc_now
from orchestrator.kit.ids import new_id
from orchestrator.users import service
from orchestrator.users.models import InvitationModel, UserModel
from orchestrator.users.sessions import hash_of

PREFIX = "inv_"
LIFETIME = timedelta(days=7)
LONGEST = timedelta(days=30)
MOST_LISTED = 200


async def create(
    session: AsyncSession, by: By, role: str, note: str = "", expires_at: datetime | None = None
) -> tuple[InvitationModel, str]:
    """The row and the token itself, which nobody can be told again. Raises InvalidSpec."""
    now = utc_now()
    service.check_role(role)
    ends = expires_at if expires_at is not None else now + LIFETIME
    if not now < ends <= now + LONGEST:
        raise InvalidSpec(
            f"expires_at lies in the past, or more than {LONGEST.days} days ahead; name a time between.",
            field="expires_at",
        )
    token = PREFIX + secrets.token_urlsafe(32)
    row = InvitationModel(
        id=new_id("invitation"),
        token_hash=hash_of(token),
        role=role,
        note=note,
        created_by=by.actor,
        created_at=now,
        expires_at=ends,
    )
    session.add(row)
    told = {"id": row.id, "role": role, "note": note, "expires_at": ends}
    audit.record(session, by.actor, "invitation.create", audit.FLEET, by.why, after=told)
    await session.flush()
    return row, token


async def open_ones(session: AsyncSession) -> Sequence[InvitationModel]:
    """Those that may still be accepted, newest first."""
    query = select(InvitationModel).where(
        col(InvitationModel.used_at).is_(None),
        col(InvitationModel.revoked_at).is_(None),
        col(InvitationModel.expires_at) > utc_now(),
        _by_an_administrator(),
    )
    query = query.order_by(col(InvitationModel.created_at).desc(), col(InvitationModel.id)).limit(MOST_LISTED)
    return (await session.exec(query)).all()


async def revoke(session: AsyncSession, by: By, invitation_id: str) -> None:
    """Nobody may accept it any more. Raises NotFound where nobody may anyway."""
    row = await session.get(InvitationModel, invitation_id, with_for_update=True)
    if row is None or not _is_open(row):
        raise NotFound("There is no such invitation; list them to see which are open.", field="invitation_id")
    row.revoked_at = utc_now()
    session.add(row)
    told = {"id": row.id, "role": row.role, "note": row.note}
    audit.record(session, by.actor, "invitation.revoke", audit.FLEET, by.why, before=told)
    await session.flush()


async def check(session: AsyncSession, token: str) -> None:
    """Raises NotFound where the token opens nothing, before any work is done for it."""
    await _opened(session, token, lock=False)


async def accept(session: AsyncSession, token: str, username: str, password_hash: str) -> UserModel:
    """The account of whoever came first with the token. Raises NotFound, InvalidSpec (field `username`), Conflict; the
    invitation stays open then."""
    row = await _opened(session, token, lock=True)
    user = await service.create(session, By(row.created_by, f"invitation {row.id}"), username, row.role, password_hash)
    row.used_at, row.used_by = utc_now(), user.id
    session.add(row)
    audit.record(session, user.id, "invitation.accept", audit.user(user.id), after={"id": row.id, "role": row.role})
    await session.flush()
    return user


async def forget(session: AsyncSession, before: datetime) -> None:
    """Deletes those that nobody accepted, and nobody may, since then; the others tell who invited whom."""
    over = or_(col(InvitationModel.expires_at) < before, col(InvitationModel.revoked_at) < before)
    await session.exec(delete(InvitationModel).where(col(InvitationModel.used_at).is_(None), over))


async def _opened(session: AsyncSession, token: str, *, lock: bool) -> InvitationModel:
    of_token = col(InvitationModel.token_hash) == hash_of(token)
    query = select(InvitationModel).where(of_token, _by_an_administrator())
    row = (await session.exec(query.with_for_update() if lock else query)).first()
    if row is None or not _is_open(row):
        raise NotFound(
            "There is no such invitation, or it was used, revoked or has expired; ask for another one.", field="token"
        )
    return row


def _by_an_administrator() -> ColumnElement[bool]:
    """Whether who gave it still might: a dismissed one has perhaps left some behind."""
    stands = and_(col(UserModel.role) == service.ADMIN, col(UserModel.deactivated_at).is_(None))
    return col(InvitationModel.created_by).in_(select(UserModel.id).where(stands))


def _is_open(row: InvitationModel) -> bool:
    return row.used_at is None and row.revoked_at is None and row.expires_at > utc_now()
