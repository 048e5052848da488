"""Judges what somebody shows beside his password: a code of his app, a recovery code, a passkey.

Tries are counted before they are judged. What failed is in the audit: whoever gets here has the password, or a session.
"""

from sqlmodel.ext.asyncio.session import AsyncSession

from api.auth.relying import find_relying_party
from api.auth.schemas import Proof
from api.auth.signing import Desk
from orchestrator.audit import service as audit
from orchestrator.errors import InvalidSpec
from orchestrator.users import passkeys, recovery, sessions, totp
from orchestrator.users.second_factors import PASSKEY, RECOVERY, TOTP

WRONG_CODE = (
    "The code is wrong, or was used before; send the one that the app shows now, or one of your recovery codes."
)
WRONG_RECOVERY_CODE = "The recovery code is wrong, or was used before; send another one."
WRONG_PASSKEY = "This passkey did not answer this challenge, or is not known here; try again, or use another way."


async def judge(desk: Desk, user_id: str, proof: Proof, ceremony: bytes | None) -> str:
    """With which factor the user proved himself; `ceremony` is what a passkey must have signed. Raises InvalidSpec with
    the field that was wrong, TooManyRequests, RedisUnavailable."""
    if proof.code is not None:
        return await _code(desk, user_id, proof.code)
    if proof.recovery_code is not None:
        return await _recovery_code(desk, user_id, proof.recovery_code)
    party = find_relying_party(desk.request, desk.settings)
    if proof.passkey is None or ceremony is None or party is None:
        raise InvalidSpec(WRONG_PASSKEY, field="passkey")
    async with desk.services.database.unit_of_work() as session:
        user = await passkeys.authenticate(session, party, ceremony, proof.passkey.told, user_id)
        if user is None:
            _note(session, desk, user_id, PASSKEY)
    if user is None:
        raise InvalidSpec(WRONG_PASSKEY, field="passkey")
    return PASSKEY


async def _code(desk: Desk, user_id: str, code: str) -> str:
    async with desk.services.database.read() as session:
        familiar = [one.address for one in await sessions.living(session, user_id)]
    await desk.auth.codes.begin(desk.address, user_id, familiar)
    async with desk.services.database.unit_of_work() as session:
        right = await totp.check(session, desk.keyring, user_id, code)
        if not right:
            _note(session, desk, user_id, TOTP)
    if not right:
        raise InvalidSpec(WRONG_CODE, field="code")
    await desk.auth.codes.succeeded(desk.address, user_id)
    return TOTP


async def _recovery_code(desk: Desk, user_id: str, code: str) -> str:
    await desk.auth.recovery.begin(desk.address, user_id)
    async with desk.services.database.unit_of_work() as session:
        right = await recovery.spend(session, user_id, code)
        if not right:
            _note(session, desk, user_id, RECOVERY)
    if not right:
        raise InvalidSpec(WRONG_RECOVERY_CODE, field="recovery_code")
    await desk.auth.recovery.succeeded(desk.address, user_id)
    return RECOVERY


def _note(session: AsyncSession, desk: Desk, user_id: str, way: str) -> None:
    told = {"way": way, "address": desk.address}
    audit.record(session, audit.SYSTEM, "factor.refused", audit.user(user_id), after=told)
