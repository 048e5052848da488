"""Passkeys (WebAuthn, level 2), by themselves a whole sign-in and beside a password its second factor.

Credentials are discoverable and verify their user (PIN, finger, face), so one stands for something that one has and
something that one knows or is. No attestation is asked for: which device it is, is its owner's matter.

What a browser sends is judged by the library alone (`users.ceremonies`, which is read when there is something to
judge); here is which challenge, relying party and key it must be of. The library's refusals are not told further: they
would help only whoever guesses.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from loguru import logger
from sqlalchemy import delete
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.audit import service as audit
from orchestrator.errors import Conflict, InvalidSpec, NotFound
from orchestrator.kit.clock import utc_now
from orchestrator.kit.ids import new_id
from orchestrator.users.factor_models import PasskeyModel
from orchestrator.users.models import UserModel

MOST_PER_USER = 20
TIMEOUT_MS = 300_000
_LONGEST_ID = 1400
_LONGEST_KEY = 4000


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """Who asks for a passkey: the host that passkeys are bound to, and the origins of its pages."""

    id: str
    origins: tuple[str, ...]


def registration_options(
    party: RelyingParty, user: UserModel, challenge: bytes, present: Sequence[PasskeyModel]
) -> dict[str, Any]:
    """For `navigator.credentials.create`, as `PublicKeyCredential.parseCreationOptionsFromJSON` reads it."""
    from orchestrator.users import ceremonies

    return ceremonies.creation_options(party, user.id, user.username, challenge, TIMEOUT_MS, present)


def authentication_options(
    party: RelyingParty, challenge: bytes, allowed: Sequence[PasskeyModel] = ()
) -> dict[str, Any]:
    """For `navigator.credentials.get`; without `allowed` the browser offers those it has."""
    from orchestrator.users import ceremonies

    return ceremonies.request_options(party, challenge, TIMEOUT_MS, allowed)


async def register(
    session: AsyncSession,
    party: RelyingParty,
    user_id: str,
    challenge: bytes,
    name: str,
    credential: Mapping[str, Any],
) -> PasskeyModel:
    """Keeps a new passkey. Raises InvalidSpec (field `passkey`), Conflict (too many, or known already)."""
    from orchestrator.users import ceremonies

    if len(await list_(session, user_id)) >= MOST_PER_USER:
        raise Conflict(f"You have {MOST_PER_USER} passkeys, which is the most; remove one first.", field="name")
    try:
        made = ceremonies.judge_new(party, challenge, credential)
    except ceremonies.Refused as error:
        _refuse(error)
    credential_id = ceremonies.text_of(made.credential_id)
    public_key = ceremonies.text_of(made.credential_public_key)
    if len(credential_id) > _LONGEST_ID or len(public_key) > _LONGEST_KEY:
        _refuse(ValueError("its identity or its key is too long"))
    known = select(PasskeyModel).where(PasskeyModel.credential_id == credential_id)
    if (await session.exec(known)).first() is not None:
        raise Conflict("This passkey is registered already.", field="passkey")
    row = PasskeyModel(
        id=new_id("passkey"),
        user_id=user_id,
        name=name,
        credential_id=credential_id,
        public_key=public_key,
        sign_count=made.sign_count,
        backed_up=made.credential_backed_up,
        transports=ceremonies.transports_of(credential),
        created_at=utc_now(),
    )
    session.add(row)
    audit.record(session, user_id, "passkey.add", audit.user(user_id), after={"id": row.id, "name": name})
    await session.flush()
    return row


async def authenticate(
    session: AsyncSession,
    party: RelyingParty,
    challenge: bytes,
    credential: Mapping[str, Any],
    user_id: str | None = None,
) -> UserModel | None:
    """Whose passkey answered the challenge, where he is active; with `user_id` only his. The caller must commit also
    where it is None: a passkey that was copied is noted in the audit."""
    from orchestrator.users import ceremonies

    try:
        shown = ceremonies.read(credential)
    except ceremonies.Refused:
        return None
    credential_id = ceremonies.text_of(shown.raw_id)
    query = select(PasskeyModel).where(PasskeyModel.credential_id == credential_id).with_for_update()
    row = (await session.exec(query)).first()
    if row is None or (user_id is not None and row.user_id != user_id):
        return None
    if shown.response.user_handle not in (None, row.user_id.encode()):
        return None
    try:
        verified = ceremonies.judge(party, challenge, shown, row.public_key)
    except ceremonies.Refused:
        return None
    if max(row.sign_count, verified.new_sign_count) > 0 and verified.new_sign_count <= row.sign_count:
        logger.warning("a passkey of {} signed with a count that was used before: somebody has a copy", row.user_id)
        audit.record(session, audit.SYSTEM, "passkey.copied", audit.user(row.user_id), after={"id": row.id})
        return None
    row.sign_count, row.backed_up, row.last_used_at = verified.new_sign_count, verified.credential_backed_up, utc_now()
    session.add(row)
    user = await session.get(UserModel, row.user_id)
    await session.flush()
    return user if user is not None and user.deactivated_at is None else None


async def list_(session: AsyncSession, user_id: str) -> Sequence[PasskeyModel]:
    """Oldest first."""
    query = select(PasskeyModel).where(PasskeyModel.user_id == user_id)
    return (await session.exec(query.order_by(col(PasskeyModel.created_at), col(PasskeyModel.id)))).all()


async def rename(session: AsyncSession, user_id: str, passkey_id: str, name: str) -> PasskeyModel:
    """Raises NotFound."""
    row = await _of_user(session, user_id, passkey_id)
    before, row.name = row.name, name
    session.add(row)
    told = {"id": row.id, "name": before}
    audit.record(session, user_id, "passkey.rename", audit.user(user_id), before=told, after={"name": name})
    await session.flush()
    return row


async def remove(session: AsyncSession, user_id: str, passkey_id: str) -> None:
    """Raises NotFound."""
    row = await _of_user(session, user_id, passkey_id)
    told = {"id": row.id, "name": row.name}
    await session.delete(row)
    audit.record(session, user_id, "passkey.remove", audit.user(user_id), before=told)
    await session.flush()


async def remove_all(session: AsyncSession, user_id: str) -> int:
    """How many there were."""
    result = await session.exec(delete(PasskeyModel).where(col(PasskeyModel.user_id) == user_id))
    return int(result.rowcount)


async def _of_user(session: AsyncSession, user_id: str, passkey_id: str) -> PasskeyModel:
    row = await session.get(PasskeyModel, passkey_id, with_for_update=True)
    if row is None or row.user_id != user_id:
        raise NotFound("There is no such passkey; list them to see which there are.", field="passkey_id")
    return row


def _refuse(error: Exception) -> NoReturn:
    logger.info("a new passkey was refused: {}", error)
    raise InvalidSpec(
        "The passkey is not an answer to this challenge from one of our pages; begin again with "
        "POST /api/v1/auth/passkeys/options.",
        field="passkey",
    ) from None
