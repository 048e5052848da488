"""Accounts at OpenID providers that sign users in. What names one is issuer and subject, never an e-mail address or a
name: those change hands. One is linked to a user who exists by an act of that user alone."""

from collections.abc import Sequence

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.audit import service as audit
from orchestrator.errors import Conflict, NotFound
from orchestrator.kit.clock import utc_now
from orchestrator.kit.ids import new_id
from orchestrator.users.factor_models import IdentityModel
from orchestrator.users.models import UserModel
from orchestrator.users.sessions import printable

_NAME_LENGTH = 254


async def user_of(session: AsyncSession, issuer: str, subject: str) -> UserModel | None:
    """Who signs in by it, active or not; noted as used now."""
    row = await _find(session, issuer, subject)
    if row is None:
        return None
    row.last_used_at = utc_now()
    session.add(row)
    await session.flush()
    return await session.get(UserModel, row.user_id)


async def link(
    session: AsyncSession, user_id: str, provider: str, issuer: str, subject: str, name: str
) -> IdentityModel:
    """From here on it signs that user in. Raises Conflict where it signs somebody else in, or was linked at
    the same moment."""
    row = await _find(session, issuer, subject)
    if row is not None:
        if row.user_id != user_id:
            raise Conflict("This account of the provider signs another user in; unlink it there first.")
        return row
    now = utc_now()
    row = IdentityModel(
        id=new_id("identity"),
        user_id=user_id,
        provider=provider,
        issuer=issuer,
        subject=subject,
        name=printable(name)[:_NAME_LENGTH],
        created_at=now,
        last_used_at=now,
    )
    try:
        async with session.begin_nested():
            session.add(row)
            await session.flush()
    except IntegrityError:
        raise Conflict("This account of the provider was linked just now; look at your linked accounts.") from None
    told = {"id": row.id, "provider": provider, "name": row.name}
    audit.record(session, user_id, "identity.link", audit.user(user_id), after=told)
    await session.flush()
    return row


async def list_(session: AsyncSession, user_id: str) -> Sequence[IdentityModel]:
    """Oldest first."""
    query = select(IdentityModel).where(IdentityModel.user_id == user_id)
    return (await session.exec(query.order_by(col(IdentityModel.created_at), col(IdentityModel.id)))).all()


async def unlink(session: AsyncSession, user_id: str, identity_id: str) -> None:
    """Raises NotFound."""
    row = await session.get(IdentityModel, identity_id, with_for_update=True)
    if row is None or row.user_id != user_id:
        raise NotFound("There is no such account; list them to see which there are.", field="identity_id")
    told = {"id": row.id, "provider": row.provider, "name": row.name}
    await session.delete(row)
    audit.record(session, user_id, "identity.unlink", audit.user(user_id), before=told)
    await session.flush()


async def _find(session: AsyncSession, issuer: str, subject: str) -> IdentityModel | None:
    query = select(IdentityModel).where(IdentityModel.issuer == issuer, IdentityModel.subject == subject)
    return (await session.exec(query)).first()
