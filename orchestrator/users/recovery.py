"""Recovery codes: for when a second factor is lost. Ten, of 80 random bits, each good once, kept by hash alone."""

import base64
import secrets

from sqlalchemy import delete, func, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.audit import service as audit
from orchestrator.kit.clock import utc_now
from orchestrator.kit.ids import new_id
from orchestrator.users.factor_models import RecoveryCodeModel
from orchestrator.users.sessions import hash_of

COUNT = 10
_BYTES = 10
_GROUP = 4


async def make(session: AsyncSession, user_id: str) -> list[str]:
    """New codes in the place of all that there were; nobody can be told them again."""
    await remove(session, user_id)
    codes = [_new() for _ in range(COUNT)]
    now = utc_now()
    session.add_all(
        RecoveryCodeModel(id=new_id("code"), user_id=user_id, code_hash=_hash(user_id, code), created_at=now)
        for code in codes
    )
    audit.record(session, user_id, "recovery.make", audit.user(user_id))
    await session.flush()
    return codes


async def left(session: AsyncSession, user_id: str) -> int:
    """How many were not used yet."""
    query = select(func.count()).where(
        col(RecoveryCodeModel.user_id) == user_id, col(RecoveryCodeModel.used_at).is_(None)
    )
    return (await session.exec(query)).one()


async def spend(session: AsyncSession, user_id: str, code: str) -> bool:
    """Whether it was one of the user's; it is used now. Of two who come with one at once, one gets it."""
    query = (
        update(RecoveryCodeModel)
        .where(
            col(RecoveryCodeModel.user_id) == user_id,
            col(RecoveryCodeModel.code_hash) == _hash(user_id, code),
            col(RecoveryCodeModel.used_at).is_(None),
        )
        .values(used_at=utc_now())
    )
    if (await session.exec(query)).rowcount != 1:
        return False
    audit.record(session, user_id, "recovery.use", audit.user(user_id), after={"left": await left(session, user_id)})
    return True


async def remove(session: AsyncSession, user_id: str) -> None:
    """None is left."""
    await session.exec(delete(RecoveryCodeModel).where(col(RecoveryCodeModel.user_id) == user_id))


def _new() -> str:
    letters = base64.b32encode(secrets.token_bytes(_BYTES)).decode().lower()
    return "-".join(letters[place : place + _GROUP] for place in range(0, len(letters), _GROUP))


def _hash(user_id: str, code: str) -> str:
    """However it was typed."""
    return hash_of(f"{user_id}:{''.join(letter for letter in code.lower() if letter.isalnum())}")
